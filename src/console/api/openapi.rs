//! The description of the API for machines (`OpenAPI` 3.1). A test keeps it true to the routes and to real answers.

use axum::http::header;

use super::{ApiRoute, open};

const DESCRIPTION: &str = include_str!("openapi.json");

pub(super) fn routes() -> Vec<ApiRoute> {
    vec![open("/api/v1/openapi.json", || async { ([(header::CONTENT_TYPE, "application/json")], DESCRIPTION) })]
}
