"""`evaluate`: how often the methods are right, and whether their confidence and heat maps mean what they say."""

from __future__ import annotations

import argparse
from pathlib import Path

from fsl_demo.cli import options

DETAILS = """\
Draws random episodes from class folders, the same ones for every method, and prints accuracy with its 95 % interval,
the difference to the first method (paired by episode; by query for a single episode), the expected calibration error
(ECE) and how many queries were marked unlike the examples. With --leave-one-out, every picture is classified by all the
others instead: that is how good a support set is.

With checkpoints, those are measured: on the test part where --data names a data set, which also gives pairs to verify.
With `--data flickr8k`, its test captions are looked for among its test pictures instead; two-stream puts the first
ten in a new order, and guesses masked words with and without the picture.
With `--data voc2007`, methods and detectors say what is where on its test photographs, the methods by the names of the
20 classes alone: mean average precision of boxes and of whole pictures, and whether the place that is marked for a
class lies on it (the pointing game; methods without boxes mark one by a heat map). "regions" is the region network
itself: how many objects its regions cover, and what its own head calls them. With `--data flickr8k_entities`, methods
look for the phrases of captions. Intervals are of pictures drawn again, differences are to the first method and paired
by picture.
With --captioners, these describe test pictures: of flickr8k, how near they come to what people said; of voc2007, which
objects they mention that are not there (CHAIR); of classes (--queries of each), how often they name the class or what
WordNet says it is a kind of, below "object".
With --by-fold each checkpoint is tested on the fold that its card names, and the mean is printed.

What a method made of its episodes is kept in --results, under a key of method, settings, weights, pictures, drawing and
code. The same question is answered from there, more episodes go on from the last one, and so does a run that was
killed. --fresh measures again.

--json FILE writes what was measured, for programs: "command", "data" and "split" (what was asked, of what),
"data_sha256" (of the pictures and class names that episodes were drawn from), "version", "measured" (the date), and
"documents": what --format json prints, one a shot or a method. Those of episodes have "classes", "way", "shot",
"queries", "episodes", "seed" and "figures": by method "accuracy" with its 95 % interval "low" to "high", "ece",
"unlike", "weights" (hashes of the checkpoints), and "difference" to the first method with its interval. All shares are
of 1.
"""
EXAMPLES = """\
evaluate --data pets/ --way 5 --shot 1,5
evaluate --data pets/ --way 0 --shot 5 --queries 0 --episodes 1 --format json
evaluate --data pets/ --shot 1 --heat-maps 200
evaluate --data pets/ --shot 1 --methods asif,asif:blend=0,asif:blend=1
evaluate --data support/ --leave-one-out
evaluate --data flickr8k --methods compact-vlm,two-stream
evaluate --data voc2007 --methods regions,semantic-dictionary,compact-vlm
evaluate --data pets/ --captioners prefix,gated
evaluate siamese_characters s3net_characters --data omniglot --way 20 --shot 1
evaluate siamese_faces runs/faces/windows/lfw_* --data lfw --by-fold --queries 1
"""


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(
        verbs,
        "evaluate",
        summary="Measure the methods on labelled pictures.",
        details=DETAILS,
        examples=EXAMPLES,
    )
    parser.add_argument(
        "checkpoints", nargs="*", metavar="CHECKPOINT", help="measure these: names of checkpoints, or their folders"
    )
    options.add_data(parser)
    parser.add_argument(
        "--captioners",
        type=lambda text: text.split(","),
        metavar="A,B",
        help="what these say of test pictures",
    )
    parser.add_argument("--made-up-names", action="store_true", help="call the classes by words that nobody knows")
    parser.add_argument("--within", action="store_true", help="classes of one group an episode (omniglot's alphabets)")
    parser.add_argument("--by-fold", action="store_true", help="each checkpoint on the fold of its card; the mean")
    options.add_methods(parser, "asif:blend=0 is asif once more, with that setting")
    options.add_settings(parser)
    parser.add_argument("--way", type=int, default=5, metavar="N", help="classes an episode; 0 takes all (default: 5)")
    parser.add_argument(
        "--shot",
        type=options.numbers,
        default=[1, 5],
        metavar="K,K",
        help="support pictures a class; 0 is zero-shot, from the class names (default: 1,5)",
    )
    parser.add_argument(
        "--queries", type=int, default=15, metavar="N", help="queries a class; 0 takes all that are left (default: 15)"
    )
    parser.add_argument("--episodes", type=options.count, default=600, metavar="N", help="how many (default: 600)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="the same one draws the same (default: 0)")
    parser.add_argument(
        "--heat-maps",
        type=options.count,
        metavar="N",
        help="also blank what N heat maps mark, and see the similarity fall; the same with shuffled weights",
    )
    parser.add_argument(
        "--leave-one-out", action="store_true", help="classify every picture by all the others; draw no episodes"
    )
    options.add_format(parser, "table", "json")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write what was measured to this file")
    parser.add_argument(
        "--results",
        type=Path,
        metavar="DIR",
        help="keep results here (default: ~/.cache/fsl_demo/evaluations)",
    )
    parser.add_argument("--fresh", action="store_true", help="measure again what is kept")
    options.add_cache(parser)
    options.add_machine(parser)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    options.prepare(chosen)
    from fsl_demo.cli.evaluate.output import Output

    output = Output(chosen)
    if chosen.checkpoints:
        from fsl_demo.cli.evaluate.checkpoints import measure
    elif chosen.captioners:
        from fsl_demo.cli.evaluate.captioned import measure_captions as measure
    elif chosen.data == "flickr8k":
        from fsl_demo.cli.evaluate.captioned import measure_search as measure
    elif chosen.data == "voc2007":
        from fsl_demo.cli.evaluate.located import measure_objects as measure
    elif chosen.data == "flickr8k_entities":
        from fsl_demo.cli.evaluate.located import measure_phrases as measure
    elif chosen.leave_one_out:
        from fsl_demo.cli.evaluate.support_set import measure
    else:
        from fsl_demo.cli.evaluate.episodes import measure
    measure(chosen, output)
    return output.finish()
