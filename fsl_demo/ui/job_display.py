"""Jobs as pages show them."""

from __future__ import annotations

from typing import Any

from fsl_demo.training.events import clock
from fsl_demo.ui.context import Context, Notices
from fsl_demo.ui.jobs import Job


def shown_job(context: Context, job: Job) -> dict[str, Any]:
    """A job as the page's script draws it."""
    step, notices = job.step, Notices(errors=[context.language.error(error) for error in job.errors])
    if job.trouble:
        notices.errors.append(context.say("unexpected", error=job.trouble))
    shown: dict[str, Any] = {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "title": context.say(job.title),
        "notices": notices.to_json(context.language),
        "text": "",
        "share": 0.0,
    }
    if job.state == "waiting":
        shown["text"] = context.say("job.waiting", n=max(1, job.place))
    elif job.state == "running" and step is not None:
        stage = context.text(f"stage.{step.stage}", step.stage, done=step.done, total=step.total)
        left = "" if step.seconds_left is None else f" · {context.say('job.left', time=clock(step.seconds_left))}"
        shown |= {
            "text": f"{step.title} · {stage}{left}",
            "share": round(step.done / step.total, 3) if step.total else 0.0,
        }
    elif job.outcome is not None and job.state == "done":
        shown |= {"text": context.say(job.outcome.text, n=job.outcome.count), "file": job.outcome.file}
    return shown
