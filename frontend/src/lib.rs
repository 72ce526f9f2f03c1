//! The WASM entry point: takes over the page the server rendered.

#![recursion_limit = "256"] // views are deeply nested types

use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the script the page loads; from here on the page is live.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}
