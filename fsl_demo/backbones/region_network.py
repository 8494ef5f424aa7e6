"""Faster R-CNN (Ren et al. 2015, arXiv:1506.01497) on EfficientNet-Lite2 with a feature pyramid (Lin et al. 2017).

Boxes belong to no class: each region gets one box, a probability to be a thing, and a feature vector that the classes'
own head, the word head and the semantic dictionary read.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn

from fsl_demo import runtime

runtime.guard_torchvision()

from torchvision.models.detection._utils import BoxCoder  # noqa: E402
from torchvision.models.detection.anchor_utils import AnchorGenerator  # noqa: E402
from torchvision.models.detection.image_list import ImageList  # noqa: E402
from torchvision.models.detection.roi_heads import RoIHeads  # noqa: E402
from torchvision.models.detection.rpn import RegionProposalNetwork, RPNHead  # noqa: E402
from torchvision.ops import FeaturePyramidNetwork, MultiScaleRoIAlign, clip_boxes_to_image, nms  # noqa: E402
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool  # noqa: E402

STAGES = {2: 48, 4: 120, 6: 352}
"""Blocks of EfficientNet-Lite2 after which maps are taken, of strides 8, 16 and 32, and their channels."""
STRIDE = 32
CHANNELS, POOLED, HIDDEN, FEATURES, WORDS = 128, 7, 1024, 512, 384
"""Of the pyramid's maps; positions of a region's side; widths of the box head; of MiniLM's vectors."""
CLASSES = 20
ANCHORS = ((24, 40), (56, 88), (120, 176), (240, 340))
"""Sides in pixels, by level; each in three shapes."""
SHAPES = (0.5, 1.0, 2.0)
PROPOSALS, OVERLAP = 500, 0.75
"""Regions that the second stage reads, and how far two boxes may overlap after it.

Chosen on VOC's val part: fewer or further apart lose one thing in fifty among the first 300."""
EACH = 3
"""Regions that the second stage reads for each that is wanted, where these are fewer: on VOC's val part, 100 of 300
cover as many things as 100 of 500."""
BOX_SCALES = (10.0, 10.0, 5.0, 5.0)
SAMPLED, SAMPLED_THINGS = 128, 0.4
"""Regions of a picture that the second stage learns from; the share of things among them, at most."""


@dataclass(frozen=True)
class Heads:
    """What the second stage says of R regions.

    Attributes:
        features: [R, FEATURES], none negative.
        classes: logits of background and the 20 classes, [R, 21].
        things: logits of being a thing, [R].
        boxes: how to move the boxes, as `BoxCoder` has it, [R, 4].
    """

    features: Tensor
    classes: Tensor
    things: Tensor
    boxes: Tensor


@dataclass(frozen=True)
class Detected:
    """Regions of one picture, most probable thing first.

    Attributes:
        boxes: left, top, right, bottom in pixels, [R, 4].
        things: probability to be a thing, [R].
        features: [R, FEATURES].
        classes: probabilities of the 20 classes, [R, 20]; background is what is missing to 1.
        given: features of the boxes that were given, [G, FEATURES].
    """

    boxes: Tensor
    things: Tensor
    features: Tensor
    classes: Tensor
    given: Tensor


class Proposals(RegionProposalNetwork):
    """torchvision's, but that nothing counts as background where not everything is annotated."""

    def assign_targets_to_anchors(
        self, anchors: list[Tensor], targets: list[dict[str, Tensor]]
    ) -> tuple[list[Tensor], list[Tensor]]:
        labels, boxes = super().assign_targets_to_anchors(anchors, targets)
        for label, target in zip(labels, targets, strict=True):
            if not target["complete"]:
                label[label == 0] = -1
        return labels, boxes


class FloatHead(RPNHead):
    """torchvision's, whose answers are float32 in mixed precision too."""

    def forward(self, x: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        things, boxes = super().forward(x)
        return [logits.float() for logits in things], [moves.float() for moves in boxes]


class Trunk(nn.Module):
    """EfficientNet-Lite2 up to its last block, and the feature pyramid on it.

    Args:
        network: timm's, with batch norms; their statistics stay as they are.
    """

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.stem = nn.Sequential(network.conv_stem, network.bn1)
        self.blocks = network.blocks
        self.pyramid = FeaturePyramidNetwork(list(STAGES.values()), CHANNELS, LastLevelMaxPool())

    def forward(self, images: Tensor) -> OrderedDict[str, Tensor]:
        """Maps "0" to "2" and "pool" of strides 8, 16, 32 and 64, from [B, 3, H, W] in [-1, 1]."""
        values = self.stem(images)
        stages: OrderedDict[str, Tensor] = OrderedDict()
        for number, block in enumerate(self.blocks):
            values = block(values)
            if number in STAGES:
                stages[str(len(stages))] = values
        return OrderedDict((name, maps.float()) for name, maps in self.pyramid(stages).items())

    def train(self, mode: bool = True) -> Self:
        """Batch norms stay as they are after ImageNet: a batch has too few pictures to know better."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self


class RegionNetwork(nn.Module):
    """Both stages.

    Args:
        network: timm's EfficientNet-Lite2.

    Attributes:
        samples: chooses the regions that the second stage learns from.
    """

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.trunk = Trunk(network)
        anchors = AnchorGenerator(ANCHORS, (SHAPES,) * len(ANCHORS))
        self.proposals = Proposals(
            anchors,
            FloatHead(CHANNELS, anchors.num_anchors_per_location()[0]),
            fg_iou_thresh=0.7,
            bg_iou_thresh=0.3,
            batch_size_per_image=128,
            positive_fraction=0.5,
            pre_nms_top_n={"training": PROPOSALS, "testing": 2 * PROPOSALS},
            post_nms_top_n={"training": PROPOSALS, "testing": PROPOSALS},
            nms_thresh=0.7,
        )
        self.pool = MultiScaleRoIAlign(["0", "1", "2"], POOLED, sampling_ratio=2)
        self.head = nn.Sequential(
            nn.Flatten(), nn.Linear(CHANNELS * POOLED**2, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, FEATURES), nn.ReLU()
        )
        self.classes = nn.Linear(FEATURES, 1 + CLASSES)
        self.things = nn.Linear(FEATURES, 1)
        self.boxes = nn.Linear(FEATURES, 4)
        self.words = nn.Linear(FEATURES, WORDS)
        self.whole = nn.Linear(FEATURES, CLASSES)
        self.coder = BoxCoder(BOX_SCALES)
        self.samples = RoIHeads(
            box_roi_pool=None,
            box_head=None,
            box_predictor=None,
            fg_iou_thresh=0.5,
            bg_iou_thresh=0.5,
            batch_size_per_image=SAMPLED,
            positive_fraction=SAMPLED_THINGS,
            bbox_reg_weights=BOX_SCALES,
            score_thresh=0.0,
            nms_thresh=0.5,
            detections_per_img=1,
        )

    def propose(
        self,
        maps: OrderedDict[str, Tensor],
        images: Tensor,
        sizes: list[tuple[int, int]],
        targets: list[dict[str, Any]] | None = None,
    ) -> tuple[list[Tensor], dict[str, Tensor]]:
        """The first stage: boxes of each picture, in pixels; in training its losses too.

        Args:
            sizes: height and width of each picture, which lies at the top left of its canvas.
            targets: of each picture "boxes" [G, 4] in pixels, and whether it is annotated "complete".
        """
        boxes, losses = self.proposals(ImageList(images, sizes), maps, targets)
        return boxes, losses

    def read(self, maps: OrderedDict[str, Tensor], boxes: list[Tensor], size: tuple[int, int]) -> Heads:
        """The second stage.

        Args:
            boxes: pixels, [R_i, 4] for each picture.
            size: height and width of the pictures.
        """
        features = self.head(self.pool(maps, boxes, [size] * len(boxes))).float()
        return Heads(
            features=features,
            classes=self.classes(features).float(),
            things=self.things(features)[:, 0].float(),
            boxes=self.boxes(features).float(),
        )

    @torch.inference_mode()
    def detect(self, images: Tensor, sizes: list[tuple[int, int]], given: list[Tensor], most: int) -> list[Detected]:
        """The regions of pictures, at most so many each, and the vectors of given boxes.

        Args:
            images: on canvases of one size, [B, 3, H, W] in [-1, 1].
            sizes: height and width of each picture, which lies at the top left of its canvas.
            given: boxes of each picture in pixels, [G_i, 4].
        """
        canvas = (images.shape[2], images.shape[3])
        maps = self.trunk(images)
        proposed = [rows[: EACH * most] for rows in self.propose(maps, images, sizes=sizes)[0]]
        together = [torch.cat(pair) for pair in zip(proposed, given, strict=True)]
        heads, counts = self.read(maps, together, canvas), [len(rows) for rows in together]
        moved = self.coder.decode(heads.boxes, together)[:, 0].split(counts)
        parts = zip(
            map(clip_boxes_to_image, moved, sizes),
            heads.things.sigmoid().split(counts),
            heads.features.split(counts),
            heads.classes.softmax(1)[:, 1:].split(counts),
            strict=True,
        )
        return [_apart(*part, given=len(rows), most=most) for part, rows in zip(parts, given, strict=True)]


def _apart(boxes: Tensor, things: Tensor, features: Tensor, classes: Tensor, *, given: int, most: int) -> Detected:
    """The regions that do not lie on a more probable one, the most probable first.

    Args:
        given: how many of the rows, the last ones, are boxes that were given.
    """
    end = len(boxes) - given
    sides = boxes[:end, 2:] - boxes[:end, :2]
    kept = nms(boxes[:end], things[:end], OVERLAP)
    kept = kept[(sides[kept] >= 1).all(1)][:most]
    return Detected(
        boxes=boxes[kept], things=things[kept], features=features[kept], classes=classes[kept], given=features[end:]
    )
