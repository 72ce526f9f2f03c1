//! Sign in: a plain form, so that it works before and without hydration.

use super::query;
use crate::components::frame::Mark;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

/// Where to go afterwards: only ever a path of this site.
fn safe_next(next: Option<String>) -> String {
    next.filter(|next| next.starts_with('/') && !next.starts_with("//") && !next.contains('\\'))
        .unwrap_or_else(|| "/".into())
}

fn explain(code: &str) -> &'static str {
    match code {
        "ND0103" => {
            "The name or the password is wrong. Try again; an administrator can set a new password with “nimdeck user password”."
        }
        "ND0104" => "Too many tries. Wait a minute, then try again.",
        "ND0105" => "The request came from another site. Open nimdeck’s own address and sign in there.",
        "ND0002" => "The database does not answer. Migrations go on. Try again in a moment.",
        _ => "Signing in failed. Try again; the server’s log has the cause.",
    }
}

/// The form.
#[component]
pub(crate) fn SignInPage() -> impl IntoView {
    let query = use_query_map();
    let next = move || safe_next(query.with(|query| query::text(query, "next")));
    let error = move || query.with(|query| query::text(query, "error"));
    view! {
        <Title text="Sign in – nimdeck" />
        <main id="main" class="sign-in">
            <form method="post" action="/sign-in" aria-labelledby="sign-in-title">
                <p class="sign-in-mark"><Mark /> <span class="name">"nimdeck"</span></p>
                <h1 id="sign-in-title">"Sign in"</h1>
                {move || error().map(|code| view! {
                    <p class="problem" role="alert" data-testid="problem" data-code=code>
                        {explain(&code)} " " <code>{code.clone()}</code>
                    </p>
                })}
                <label class="field">
                    <span>"User name"</span>
                    <input type="text" name="username" autocomplete="username" autocapitalize="none" spellcheck="false" required />
                </label>
                <label class="field">
                    <span>"Password"</span>
                    <input type="password" name="password" autocomplete="current-password" required />
                </label>
                <input type="hidden" name="next" value=next />
                <button class="primary" type="submit">"Sign in"</button>
                <p class="small">"The flight deck for nimadm. The first start prints the first login."</p>
            </form>
        </main>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_followed() {
        assert_eq!(safe_next(Some("/clients?q=a".into())), "/clients?q=a");
        for evil in ["//evil.example", "https://evil.example", "/\\evil.example", ""] {
            assert_eq!(safe_next(Some(evil.into())), "/", "{evil}");
        }
    }
}
