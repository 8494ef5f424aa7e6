// The log-in page: sends the form, and shows in a sentence why it is not taken.
const form = document.getElementById("login");
const wrong = document.getElementById("wrong");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  wrong.textContent = "";
  const answer = await fetch("/login", { method: "POST", body: new URLSearchParams(new FormData(form)) });
  if (answer.ok) return location.assign("/");
  wrong.textContent = (await answer.json()).error;
  form.elements.password.value = "";
  form.elements.password.focus();
});

for (const button of document.querySelectorAll("[data-language]"))
  button.addEventListener("click", () => {
    document.cookie = `fsl_language=${button.dataset.language}; path=/; max-age=31536000; samesite=strict`;
    location.reload();
  });
