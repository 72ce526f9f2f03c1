//! Sends a log or an output to be explained, and understands the answer.

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

/// What the server read in it.
pub(super) enum Answer {
    /// It is a log of nimadm.
    Log(Box<Report>),
    /// It is the output of a command.
    Output {
        /// Which, as `nimdeck explain --as` calls it.
        kind: String,
        /// Its value, set out for people.
        json: String,
    },
}

/// Why there is no answer.
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

/// Sends it; what it says, or why nobody knows.
pub(super) async fn send(source: &Source, signal: Option<&AbortSignal>) -> Result<Answer, Refused> {
    let aborted = || signal.is_some_and(AbortSignal::aborted);
    match exchange(source, signal).await {
        _ if aborted() => Err(Refused::Stopped),
        Ok(Said::Output(kind, text)) => Ok(Answer::Output { kind, json: set_out(text) }),
        Ok(Said::Report(text)) => serde_json::from_str(&text).map(Answer::Log).map_err(|why| {
            silence(&format!("its answer is not understood: {why}; reload the page, it may be older than the server"))
        }),
        Ok(Said::Problem(text)) => Err(match serde_json::from_str(&text) {
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

/// The body of an answer, by what it is.
enum Said {
    Report(String),
    Output(String, String),
    Problem(String),
}

async fn exchange(source: &Source, signal: Option<&AbortSignal>) -> Result<Said, JsValue> {
    let request = RequestInit::new();
    request.set_method("POST");
    request.set_body(&source.body());
    request.set_signal(signal);
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let answer = JsFuture::from(window.fetch_with_str_and_init("/api/v1/explain", &request)).await?;
    let answer: Response = answer.dyn_into()?;
    let text = JsFuture::from(answer.text()?).await?.as_string().unwrap_or_default();
    Ok(match answer.headers().get("nimdeck-kind")? {
        _ if !answer.ok() => Said::Problem(text),
        Some(kind) => Said::Output(kind, text),
        None => Said::Report(text),
    })
}

/// JSON with a line for each value. The browser does it, because a map of ours would forget the order.
fn set_out(json: String) -> String {
    let value = js_sys::JSON::parse(&json).ok();
    let text =
        value.and_then(|value| js_sys::JSON::stringify_with_replacer_and_space(&value, &JsValue::NULL, &2.into()).ok());
    text.map_or(json, String::from)
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
