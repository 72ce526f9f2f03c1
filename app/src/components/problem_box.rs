//! What went wrong, as people need it: what, where, what to do, and the code to look up.

use crate::model::Problem;
use leptos::prelude::*;

/// A problem.
#[component]
pub(crate) fn ProblemBox(problem: Problem) -> impl IntoView {
    let Problem { status, code, title, detail, errors, .. } = problem;
    let fields = errors
        .into_iter()
        .map(|error| view! { <li><code>{error.field}</code> ": " {error.message}</li> })
        .collect_view();
    view! {
        <section class="problem" role="alert" data-testid="problem" data-code=code>
            <h2>{title}</h2>
            <p>{detail}</p>
            <ul>{fields}</ul>
            <p class="small">
                <code>{code.clone()}</code>
                " · explained in "
                <code>{format!("docs/errors/{code}.md")}</code>
                {(status == 401).then(|| view! { " · " <a href="/sign-in" rel="external">"Sign in"</a> })}
            </p>
        </section>
    }
    .into_any()
}
