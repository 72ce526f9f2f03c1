//! `/session`: sign in, who am I, sign out.

use super::{AppState, Failure};
use crate::auth::sign_in::{self, Attempt, DeviceCookie};
use crate::settings::Secret;
use crate::web::extract::{AnyBody, SignedIn};
use crate::web::limits::{ClientAddress, Gone, Refusal};
use app::model::Me;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use tower_sessions::Session;

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/session", get(who).delete(sign_out))
}

pub(super) fn public() -> Router<AppState> {
    Router::new().route("/session", post(sign_in))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    username: String,
    password: Secret,
}

async fn sign_in(
    State(state): State<AppState>,
    Extension(from): Extension<ClientAddress>,
    Extension(gone): Extension<Gone>,
    session: Session,
    headers: HeaderMap,
    AnyBody(body): AnyBody<Credentials>,
) -> Result<(DeviceCookie, Json<Me>), Refusal> {
    let attempt = Attempt { username: &body.username, password: body.password, from, headers: &headers, gone };
    let welcome = sign_in::sign_in(&state, &session, attempt).await?;
    Ok((welcome.device, Json(state.deck.me(&welcome.caller))))
}

async fn who(State(state): State<AppState>, SignedIn(caller): SignedIn) -> Json<Me> {
    Json(state.deck.me(&caller))
}

async fn sign_out(
    State(state): State<AppState>,
    session: Session,
    SignedIn(caller): SignedIn,
) -> Result<StatusCode, Failure> {
    sign_in::sign_out(&state, &session, &caller).await?;
    Ok(StatusCode::NO_CONTENT)
}
