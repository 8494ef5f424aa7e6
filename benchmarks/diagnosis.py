"""How long the doctor takes on 300 pictures that are embedded already.

    python -m benchmarks.diagnosis --data data/photos

Ten classes of 30, with the methods that are proposed for them; JSON with wall-clock and CPU seconds.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from fsl_demo import runtime
from fsl_demo.core.episodes import ClassSpec, Episode, Example, quiet
from fsl_demo.core.errors import refuse
from fsl_demo.core.pictures import ingest
from fsl_demo.datasets.class_folders import class_folders
from fsl_demo.services import reading
from fsl_demo.services.diagnosis import Subject, diagnose
from fsl_demo.services.predict import plans_of

WAY, SHOTS = 10, 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data/photos"), help="class folders")
    parser.add_argument("--workspace", type=Path, help="keeps the pictures' features")
    chosen = parser.parse_args()
    runtime.prepare()
    classes = [(name, sorted(files)[:SHOTS]) for name, files in class_folders(chosen.data).items()][:WAY]
    support = [Example(ingest(file), index) for index, (_, files) in enumerate(classes) for file in files]
    subject = Subject(Episode(tuple(ClassSpec(name) for name, _ in classes), tuple(support)), ())
    registry = reading.registry(chosen.workspace)
    plans = plans_of(registry, None, [example.picture for example in support])
    for plan in plans:  # embeds
        plan.method.fit(subject.episode, plan.settings)
    wall, cpu = time.perf_counter(), time.process_time()
    diagnosis = diagnose(registry, subject, plans, progress=quiet, report=refuse)
    measured = {
        "pictures": diagnosis.pictures,
        "methods": [plan.method.card.id for plan in plans],
        "seconds": round(time.perf_counter() - wall, 1),
        "cpu": round(time.process_time() - cpu, 1),
    }
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
