//! What surrounds every page of somebody who is signed in.

use super::{loaded::loaded, theme::ThemeChooser};
use crate::{
    api,
    model::{Me, Permission, Problem},
};
use leptos::prelude::*;
use leptos_router::components::{A, Outlet};

/// Who is signed in, for every page in the frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Who(Resource<Result<Me, Problem>>);

impl Who {
    /// Whether they hold the permission and are not `but`; false until that is known. Only for what a page offers: the server decides.
    #[must_use]
    pub(crate) async fn may(self, permission: Permission, but: Option<&str>) -> bool {
        self.0.await.is_ok_and(|me| me.permissions.contains(&permission) && but != Some(me.username.as_str()))
    }
}

/// Who is signed in.
#[must_use]
pub(crate) fn who() -> Who {
    use_context().unwrap_or_else(|| Who(Resource::new(|| (), |()| api::me())))
}

/// What only those see who hold the permission.
#[component]
pub(crate) fn Permitted(
    permission: Permission,
    /// Who does not see it all the same.
    #[prop(default = None)]
    but: Option<String>,
    children: ChildrenFn,
) -> impl IntoView {
    let who = who();
    move || {
        let (children, but) = (children.clone(), but.clone());
        Suspend::new(async move { who.may(permission, but.as_deref()).await.then(|| children()) })
    }
}

/// Navigation, the banner of a simulated estate, and the page.
#[component]
pub(crate) fn Frame() -> impl IntoView {
    let me = Resource::new(|| (), |()| api::me());
    provide_context(Who(me));
    view! {
        <a class="skip" href="#main">"Skip to the page"</a>
        {loaded(me, |me| me.simulated.then(|| view! { <SimulatedBanner /> }))}
        <header class="top">
            <A href="/" exact=true>
                <Mark />
                <span class="name">"nimdeck"</span>
            </A>
            <nav aria-label="Main">
                <A href="/" exact=true>"Overview"</A>
                <A href="/clients">"Clients"</A>
                <A href="/migrations">"Migrations"</A>
                <A href="/campaigns">"Campaigns"</A>
                <A href="/schedule">"Schedule"</A>
                <A href="/explain">"Explain"</A>
                <A href="/audit">"Audit"</A>
            </nav>
            <div class="top-end">
                <ThemeChooser />
                {loaded(me, |me| view! { <SignedIn me /> })}
            </div>
        </header>
        <main id="main" tabindex="-1">
            <Outlet />
        </main>
    }
    .into_any()
}

#[component]
fn SignedIn(me: Me) -> impl IntoView {
    view! {
        <form class="signed-in" method="post" action="/sign-out">
            <span class="who">
                <b>{me.username}</b>
                " "
                <span class="role">{me.role.as_str()}</span>
            </span>
            <button class="plain" type="submit">"Sign out"</button>
        </form>
    }
    .into_any()
}

/// The mark of nimdeck.
#[component]
pub(crate) fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" width="26" height="26" aria-hidden="true" focusable="false">
            <rect width="32" height="32" rx="7" />
            <path class="mark-n" d="M8 23V9l8 10V9" />
            <path class="mark-clone" d="M21 9v14" />
        </svg>
    }
    .into_any()
}

/// Says that nothing here is a real machine.
#[component]
pub(crate) fn SimulatedBanner() -> impl IntoView {
    view! {
        <p class="simulated" role="note" data-testid="simulated">
            <b>"Simulated estate"</b>
            <span>" – masters and clients are the lab’s. No real machine is touched."</span>
        </p>
    }
    .into_any()
}
