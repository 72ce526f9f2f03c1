//! A page's data: awaited, then shown, or the problem instead.

use super::problem_box::ProblemBox;
use crate::model::Problem;
use leptos::prelude::*;
use std::sync::Arc;

/// Shows what the resource came to, and keeps showing it while it is asked for again.
pub(crate) fn loaded<T, V>(
    resource: Resource<Result<T, Problem>>,
    view: impl Fn(T) -> V + Send + Sync + 'static,
) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
    V: IntoView + Send + 'static,
{
    let view = Arc::new(view);
    view! {
        <Transition fallback=|| {
            view! { <p class="loading">"Reading…"</p> }
        }>
            {move || {
                let view = Arc::clone(&view);
                Suspend::new(async move {
                    match resource.await {
                        Ok(value) => view(value).into_any(),
                        Err(problem) => {
                            set_status(problem.status);
                            view! { <ProblemBox problem /> }.into_any()
                        }
                    }
                })
            }}
        </Transition>
    }
}

/// The status of the page that is being rendered.
#[cfg_attr(not(feature = "ssr"), expect(unused_variables, reason = "only a server answers with a status"))]
fn set_status(status: u16) {
    #[cfg(feature = "ssr")]
    if let (Some(response), Ok(status)) =
        (use_context::<leptos_axum::ResponseOptions>(), http::StatusCode::from_u16(status))
    {
        response.set_status(status);
    }
}
