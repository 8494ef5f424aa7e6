"""What is said of fine-tunings, their bundles and receipts, by code; see `errors.MESSAGES`."""

FINETUNING_MESSAGES = {
    "bundle_none": "“{file}” is no bundle of a fine-tuning ({reason}). Make one with `finetune --bundle`.",
    "checkpoint_none": "“{file}” holds no checkpoint: one card.json and one model.safetensors, side by side.",
    "checkpoint_taken": "There is another checkpoint “{name}”, and this one did not begin with a version of it. Rename"
    " one of the two.",
    "clip_base_differs": "{name} changes the weights {base}, and those are not the ones that are here under that name."
    " Bring the file that it was fine-tuned on.",
    "collection_small": "“{name}” has too few pictures to fine-tune on. It takes {classes} classes with {pictures}"
    " pictures or more in the training part, and as many in the validation part; there are {train} and {validation}."
    " Add some pictures of each class, and freeze again.",
    "finetune_incomplete": "A fine-tuning takes METHOD, --collection and --from, or --from-bundle. Name them.",
    "finetune_names": "{method} learns from class names in English, and fewer than two are in Latin letters. Rename the"
    " classes, and freeze again.",
    "finetune_unknown": "“{name}” cannot be fine-tuned. These methods can: {known}.",
    "finetuning_running": "This fine-tuning is running already. Wait for it, or stop it.",
    "lora_missing": "Fine-tuning CLIP takes the package peft: make lora, or python -m pip install peft.",
    "reason_bundle": "The bundle says method, collection and checkpoint itself.",
    "reason_other_method": "It is a checkpoint of another method: {method}.",
    "receipt_no_collection": "{name} is here, and not in use. The collection that it was fine-tuned on is not here, so"
    " there is no receipt.",
    "receipt_start": "“{name}” was not fine-tuned from another version, so there is nothing to compare it with.",
}
