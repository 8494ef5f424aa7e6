"""The settings of a method as controls on the page, and back."""

from __future__ import annotations

from typing import Any

from fsl_demo.backbones.clip.names import ClipName
from fsl_demo.core.capabilities import Method
from fsl_demo.core.errors import UserError
from fsl_demo.core.settings import Choice, Lines, Setting, Settings, Slider, Text, Value, Weights, WholeNumber
from fsl_demo.ui.context import Context
from fsl_demo.ui.document import Document
from fsl_demo.ui.texts import languages


def label(context: Context, setting: Setting) -> str:
    """What a setting is called: in the page's language, or else as its field says; its name where that says nothing.

    The translation of a text counts only where the English text is the field's: two methods may use one name for two
    things.
    """
    own, key = setting.label or setting.name, f"setting.{setting.name}"
    return context.say(key) if languages()["en"].texts.get(key) == own else own


def controls(context: Context, method: Method) -> list[dict[str, Any]]:
    """What the template needs for each setting of a method."""
    given = context.document.settings.get(method.card.id, {})
    return [
        _control(context, method, setting=setting, given=given.get(setting.name))
        for setting in method.Settings.controls()
    ]


def faults(context: Context, method: Method) -> list[str]:
    """What the document sets that this method does not have, or that it cannot be set to: each in a sentence."""
    _, wrong = method.Settings.split(context.document.settings.get(method.card.id, {}), method.card.id)
    return [context.language.error(error) for error in wrong]


def _control(context: Context, method: Method, setting: Setting, given: Any) -> dict[str, Any]:
    """One control; it stands at "automatic" while nobody has set it and the method chooses."""
    shown: dict[str, Any] = {
        "method": method.card.id,
        "name": setting.name,
        "kind": setting.kind,
        "label": label(context, setting),
        "help": setting.help,
        "set": given is not None,
        "value": given,
        "automatic": setting.default is None,
    }
    usable = _usable(setting, given)
    match setting:
        case Lines():
            typed = str(usable or "\n".join(setting.usual))
            return shown | {"value": typed, "wrong": _wrong(context, setting, typed)}
        case Text():
            return shown | {"value": usable, "example": setting.example}
        case Choice():
            return shown | {"value": str(given or setting.default or ""), "choices": _choices(context, setting, given)}
        case Slider() | WholeNumber():
            step = setting.step if isinstance(setting, Slider) else 1
            number = setting.default if usable is None else usable
            value = setting.low if number is None else number
            text = f"{value:.2f}" if isinstance(setting, Slider) else str(value)
            return shown | {"low": setting.low, "high": setting.high, "step": step, "value": value, "text": text}
    return shown


def _choices(context: Context, setting: Choice, given: Any) -> list[tuple[str, str]]:
    """Each choice with what it is called; one that is set and not there any more is still listed."""
    choices = [(choice, context.variant(choice)) for choice in setting.known()]
    gone = given is not None and all(given != choice for choice, _ in choices)
    return [*choices, (str(given), context.say("not_installed", name=given))] if gone else choices


def _usable(setting: Setting, given: Any) -> Value | None:
    """What the document sets, where the setting can be that."""
    try:
        return setting.parse(given)
    except UserError:
        return None


def _wrong(context: Context, setting: Lines, typed: str) -> str:
    try:
        setting.check(typed)
    except UserError as error:
        return context.language.error(error)
    return ""


def write(context: Context, method_id: str, name: str, value: str) -> None:
    """Take over a setting. An empty text, the usual lines and no choice leave it to the method.

    Raises:
        UserError: `unknown_method`, `setting_bad`.
    """
    parsed = context.registry.method(method_id).Settings.parse(name, value, method_id)
    if names_file(context, method_id, name=name, value=parsed):
        raise UserError("weights_path")
    chosen = context.document.settings.setdefault(method_id, {})
    if parsed is None:
        chosen.pop(name, None)
    else:
        chosen[name] = parsed
    if not chosen:
        del context.document.settings[method_id]


def names_file(context: Context, method_id: str, name: str, value: Any) -> bool:
    """Whether a setting names a file of the server's, which others than an admin must not."""
    if context.account is None or context.account.role == "admin":
        return False
    controls = context.methods[method_id].Settings.controls() if method_id in context.methods else []
    weights = any(isinstance(control, Weights) and control.name == name for control in controls)
    return weights and value is not None and ClipName.parse(str(value)).names_file


def forget_files(context: Context, document: Document) -> None:
    """Leave out of a document the settings that name files of the server's, unless an admin opens it."""
    for method_id, chosen in document.settings.items():
        for name in [name for name, value in chosen.items() if names_file(context, method_id, name=name, value=value)]:
            del chosen[name]


def settings_of(method: Method, document: Document) -> Settings:
    """The settings that a method has in a document; those that it does not know are left out.

    Raises:
        UserError: `setting_bad` for a value that it cannot have (any more).
    """
    known = {setting.name for setting in method.Settings.controls()}
    given = document.settings.get(method.card.id, {})
    return method.Settings.read({name: value for name, value in given.items() if name in known}, method.card.id)
