"""What is said where a classifier is taken away, or used elsewhere."""

PORTABLE_MESSAGES = {
    "export_exists": "{folder} is there already, so nothing is written to it. Choose another name, or remove it.",
    "export_method": "{method} cannot be taken away: {reason} These can: {known}.",
    "reason_export_transductive": "it looks at all queries before it answers one.",
    "reason_export_weights": "its weights are somebody else's, and large.",
    "reason_export_region": "it compares the best region of each picture, and what finds that has no form outside of"
    " this program.",
    "reason_export_network": "what it compares pictures with has no form outside of this program.",
    "export_recipe": "These pictures are prepared in a way that has no form outside of this program ({recipe}: faces"
    " are turned upright by their eyes). Choose another of the method's settings, or another method.",
    "export_missing": "Taking a classifier away needs the packages onnx and onnxruntime: make export, or"
    " python -m pip install onnx onnxruntime.",
    "export_differs": "The exported classifier differs from {method} by {apart:.4f}, so it was not written. Report it.",
    "web_missing": "{file} is not in {folder}. Name the folder of the unpacked npm package {package} (npm pack"
    " {package}).",
    "web_not_given": "The workbench was started without {package}, so it makes no web page of a classifier: start it"
    " with --web and the folder of the unpacked npm package.",
    "web_differs": "{file} is not that of the npm package {package}, which the page was tried with. Name that one's"
    " folder.",
    "portable_missing": "There is no classifier in {folder}: it has no classifier.json.",
    "portable_bad": "{folder} holds no classifier that can be read ({reason}). Export it again.",
    "portable_runtime": "Classifying needs onnxruntime: python -m pip install onnxruntime.",
}
