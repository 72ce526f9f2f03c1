//! `/campaigns`: many clients, wave by wave.

use super::{Answer, AppState, Failure};
use crate::error::NOT_FOUND;
use crate::web::extract::{At, Body, OnePage, OptionalBody, SignedIn};
use app::model::{Campaign, CampaignAction, CampaignAsk, NewCampaign, Page};
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderValue, StatusCode, header};
use uuid::Uuid;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/campaigns", get(list).post(start))
        .route("/campaigns/{id}", get(show))
        .route("/campaigns/{id}/{action}", post(act))
}

async fn list(State(state): State<AppState>, SignedIn(caller): SignedIn, _: OnePage) -> Answer<Page<Campaign>> {
    Ok(Json(state.deck.campaigns(&caller).await?))
}

async fn start(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Body(new): Body<NewCampaign>,
) -> Result<(StatusCode, [(header::HeaderName, HeaderValue); 1], Json<Campaign>), Failure> {
    let campaign = state.deck.start_campaign(&caller, new).await?;
    let location = super::location("campaigns", campaign.id)?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(campaign)))
}

async fn show(State(state): State<AppState>, SignedIn(caller): SignedIn, At(id): At<Uuid>) -> Answer<Campaign> {
    Ok(Json(state.deck.campaign(&caller, id).await?))
}

async fn act(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    At((id, action)): At<(Uuid, String)>,
    OptionalBody(ask): OptionalBody<CampaignAsk>,
) -> Answer<Campaign> {
    let action: CampaignAction = action.parse().map_err(|why| NOT_FOUND.problem(format!("No such action: {why}.")))?;
    Ok(Json(state.deck.act_on_campaign(&caller, id, action, ask).await?))
}
