//! `/session`: sign in, who am I, sign out.

use super::{Answer, AppState, Failure};
use crate::auth::sign_in::{self, Attempt};
use crate::settings::Secret;
use crate::web::extract::{AnyBody, SignedIn};
use app::model::Me;
use axum::extract::{ConnectInfo, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use std::net::SocketAddr;
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
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    session: Session,
    headers: HeaderMap,
    AnyBody(body): AnyBody<Credentials>,
) -> Answer<Me> {
    let attempt = Attempt { username: &body.username, password: body.password, from: peer.ip(), headers: &headers };
    let caller = sign_in::sign_in(&state, &session, attempt).await?;
    Ok(Json(state.deck.me(&caller)))
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
