//! A page's data: awaited, then shown, or the problem instead.

use super::problem_box::ProblemBox;
use crate::model::Problem;
use leptos::prelude::*;
use std::{future::Future, pin::Pin, sync::Arc};

/// What a page comes to. One type for all of them, so that the browser gets the code around it once and not for every page.
type Shown = Pin<Box<dyn Future<Output = AnyView> + Send>>;

/// Shows what the resource came to, and keeps showing it while it is asked for again.
pub(crate) fn loaded<T, V>(
    resource: Resource<Result<T, Problem>>,
    view: impl Fn(T) -> V + Send + Sync + 'static,
) -> AnyView
where
    T: Clone + Send + Sync + 'static,
    V: IntoView + Send + 'static,
{
    let view = Arc::new(view);
    awaited(Arc::new(move || {
        let view = Arc::clone(&view);
        Box::pin(async move {
            match resource.await {
                Ok(value) => view(value).into_any(),
                Err(problem) => {
                    set_status(problem.status);
                    view! { <ProblemBox problem /> }.into_any()
                }
            }
        })
    }))
}

fn awaited(shown: Arc<dyn Fn() -> Shown + Send + Sync>) -> AnyView {
    view! {
        <Transition fallback=|| {
            view! { <p class="loading">"Reading…"</p> }
        }>
            {
                let shown = Arc::clone(&shown);
                move || Suspend::new(shown())
            }
        </Transition>
    }
    .into_any()
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
