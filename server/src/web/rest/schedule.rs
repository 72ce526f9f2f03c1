//! `/schedule`, `/windows`, `/blackouts`, `/groups`: when something may begin, and how many at once.

use super::{Answer, AppState, Failure};
use crate::web::extract::{At, Body, OnePage, SignedIn};
use app::model::{Blackout, Group, NewBlackout, Page, Schedule, Window};
use axum::extract::State;
use axum::routing::{delete, get};
use axum::{Json, Router};
use http::StatusCode;
use uuid::Uuid;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/schedule", get(all))
        .route("/windows", get(windows).post(put_window))
        .route("/windows/{name}", delete(remove_window))
        .route("/blackouts", get(blackouts).post(add_blackout))
        .route("/blackouts/{id}", delete(remove_blackout))
        .route("/groups", get(groups).post(put_group))
        .route("/groups/{name}", delete(remove_group))
}

async fn all(State(state): State<AppState>, SignedIn(caller): SignedIn) -> Answer<Schedule> {
    Ok(Json(state.deck.schedule(&caller).await?))
}

async fn windows(State(state): State<AppState>, SignedIn(caller): SignedIn, _: OnePage) -> Answer<Page<Window>> {
    Ok(Json(Page { items: state.deck.schedule(&caller).await?.windows, next: None }))
}

async fn put_window(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Body(window): Body<Window>,
) -> Answer<Window> {
    Ok(Json(state.deck.put_window(&caller, window).await?))
}

async fn remove_window(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    At(name): At<String>,
) -> Result<StatusCode, Failure> {
    state.deck.remove_window(&caller, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn blackouts(State(state): State<AppState>, SignedIn(caller): SignedIn, _: OnePage) -> Answer<Page<Blackout>> {
    Ok(Json(Page { items: state.deck.schedule(&caller).await?.blackouts, next: None }))
}

async fn add_blackout(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Body(new): Body<NewBlackout>,
) -> Result<(StatusCode, Json<Blackout>), Failure> {
    Ok((StatusCode::CREATED, Json(state.deck.add_blackout(&caller, new).await?)))
}

async fn remove_blackout(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    At(id): At<Uuid>,
) -> Result<StatusCode, Failure> {
    state.deck.remove_blackout(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn groups(State(state): State<AppState>, SignedIn(caller): SignedIn, _: OnePage) -> Answer<Page<Group>> {
    Ok(Json(Page { items: state.deck.schedule(&caller).await?.groups, next: None }))
}

async fn put_group(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Body(group): Body<Group>,
) -> Answer<Group> {
    Ok(Json(state.deck.put_group(&caller, group).await?))
}

async fn remove_group(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    At(name): At<String>,
) -> Result<StatusCode, Failure> {
    state.deck.remove_group(&caller, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
