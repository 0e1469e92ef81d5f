//! What wasm-bindgen makes of the compiled page: the WASM with its imports resolved, and the JavaScript around.

use std::path::Path;

use anyhow::{Context, Result, bail};
use walrus::Module;
use walrus::passes::gc;
use wasm_bindgen_cli_support::Bindgen;

use super::assets::Files;

/// The name under which the files of `static/` refer to the WASM.
pub(super) const WASM: &str = "app_bg.wasm";
/// And to its JavaScript, an ES module whose default export starts the page.
pub(super) const SCRIPT: &str = "app.js";

/// Reads the compiled page and returns `SCRIPT` and `WASM`.
pub(super) fn generate(wasm: &Path) -> Result<Files> {
    let mut output = Bindgen::new()
        .input_path(wasm)
        .out_name("app")
        .web(true)?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate_output()
        .with_context(|| format!("wasm-bindgen can't read {}", wasm.display()))?;
    // Most crates are listed here with no snippet at all.
    let snippets = output
        .snippets()
        .iter()
        .filter(|(_, list)| !list.is_empty())
        .map(|(name, _)| name);
    let foreign: Vec<&String> = snippets.chain(output.local_modules().keys()).collect();
    if !foreign.is_empty() {
        bail!(
            "the page brings JavaScript files of its own: {foreign:?}\n\
             hint: it loads `{SCRIPT}` alone; do it with web-sys, or teach xtask to emit such files"
        );
    }
    let script = output.js().as_bytes().to_vec();
    let module = output.wasm_mut();
    drop_streams(module)?;
    let module = module.emit_wasm();
    Ok(Files::from([
        (SCRIPT.to_owned(), script),
        (WASM.to_owned(), module),
    ]))
}

/// Drops what leptos brings along for functions of a server that stream: JavaScript could call it, so no compiler
/// does, but ours never does.
fn drop_streams(module: &mut Module) -> Result<()> {
    let is_stream = |name: &str| name.contains("intounderlying");
    let exports: Vec<_> = module
        .exports
        .iter()
        .filter(|export| is_stream(&export.name))
        .map(|export| export.id())
        .collect();
    if exports.is_empty() {
        bail!("the page has no streams any more\nhint: `drop_streams` can go, too");
    }
    exports.into_iter().for_each(|id| module.exports.delete(id));
    gc::run(module);
    Ok(())
}
