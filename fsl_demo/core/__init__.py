"""What everything else stands on: no torch, no SQL, no Gradio."""
