//! Sends a log to be explained, and understands the answer.

use crate::{format, model::Problem};
use aix::log::Report;
use js_sys::futures::JsFuture;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{AbortSignal, File, RequestInit, Response};

/// A log that somebody gave.
pub(super) enum Source {
    /// A file on their disk.
    File(File),
    /// Text they pasted.
    Text(String),
}

/// Why there is no report.
pub(super) enum Refused {
    /// It was stopped by whoever asked for it.
    Stopped,
    /// The server says why, or does not answer.
    Problem(Box<Problem>),
}

impl Source {
    /// What it is called: `84 MB of lpar61_alt_mig.log`.
    pub(super) fn words(&self) -> String {
        match self {
            Self::File(file) => format!("{} of {}", format::bytes(file.size() as u64), file.name()),
            Self::Text(text) => format!("{} of text", format::bytes(text.len() as u64)),
        }
    }

    fn body(&self) -> JsValue {
        match self {
            Self::File(file) => file.into(),
            Self::Text(text) => text.into(),
        }
    }
}

/// Sends it; the report, or why there is none.
pub(super) async fn send(source: &Source, signal: Option<&AbortSignal>) -> Result<Report, Refused> {
    let aborted = || signal.is_some_and(AbortSignal::aborted);
    match exchange(source, signal).await {
        _ if aborted() => Err(Refused::Stopped),
        Ok((true, text)) => serde_json::from_str(&text).map_err(|why| {
            silence(&format!("its answer is not understood: {why}; reload the page, it may be older than the server"))
        }),
        Ok((false, text)) => Err(match serde_json::from_str(&text) {
            Ok(problem) => Refused::Problem(Box::new(problem)),
            Err(_) => {
                silence("what stands between here and it answered instead; a proxy may allow less than a log needs")
            }
        }),
        Err(why) => {
            let why = why.dyn_ref::<js_sys::Error>().map_or_else(String::new, |error| error.message().into());
            Err(silence(&format!(
                "the log could not be sent ({why}); if it is a file, it must be readable and not change"
            )))
        }
    }
}

/// Whether the answer is a success, and its body.
async fn exchange(source: &Source, signal: Option<&AbortSignal>) -> Result<(bool, String), JsValue> {
    let request = RequestInit::new();
    request.set_method("POST");
    request.set_body(&source.body());
    request.set_signal(signal);
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let answer = JsFuture::from(window.fetch_with_str_and_init("/api/v1/explain", &request)).await?;
    let answer: Response = answer.dyn_into()?;
    let text = JsFuture::from(answer.text()?).await?;
    Ok((answer.ok(), text.as_string().unwrap_or_default()))
}

fn silence(why: &str) -> Refused {
    Refused::Problem(Box::new(Problem {
        status: 503,
        code: "ND0001".into(),
        title: "No answer from nimdeck".into(),
        detail: format!("The log was not explained: {why}. Nothing was stored. Try again in a moment."),
        errors: Vec::new(),
        preflight: None,
    }))
}
