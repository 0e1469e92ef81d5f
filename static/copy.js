// Copies text. Without TLS browsers give pages no clipboard, and some refuse it with: then what is selected is copied,
// which they allow whoever clicks.

// Resolves to whether it was copied.
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text);
  }
}

function copySelected(text) {
  const before = document.activeElement;
  const field = Object.assign(document.createElement("textarea"), { className: "copied", value: text, readOnly: true });
  // While a dialog is open, nothing outside of it can be selected.
  (document.querySelector("dialog:modal") ?? document.body).append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  before?.focus();
  return copied;
}

// For the program.
globalThis.copyText = async (text, tell) => tell(await copy(text));
