"""S3Net's dual adaptive loss on a Siamese network (Xue et al. 2022): trained with it, compared like `Siamese`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fsl_demo.inference.variants import Variant, Variants, VariantSettings, variant_setting
from fsl_demo.methods.siamese import Siamese

VARIANTS = Variants((Variant("characters", "s3net_characters"),), "s3net")


@dataclass(frozen=True)
class S3NetSettings(VariantSettings):
    """Settings of `S3Net`, as of `Siamese`."""

    variant: str | None = variant_setting(VARIANTS)


class S3Net(Siamese):
    """`Siamese` whose networks were trained with weighted contrastive loss and adaptive cross-entropy."""

    card = replace(
        Siamese.card,
        id="s3net",
        title="S3Net loss",
        cost=3,
        kinds=(),
        paper="Xue et al. 2022, S3Net: Spectral-Spatial Siamese Network for Hyperspectral Images",
    )
    Settings: type[VariantSettings] = S3NetSettings
    variants = VARIANTS
