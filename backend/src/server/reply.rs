//! What a refused request gets: JSON with what was wrong and what to do.

use axum::Json;
use axum::extract::rejection::BytesRejection;
use axum::http::header::{self, UPGRADE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use runqlat_common::name;
use serde::Serialize;

/// Seconds after which who was too fast is heard again.
const RETRY_AFTER: &str = "5";

/// A refusal; `{"error": …, "hint": …}` with its status.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) error: String,
    pub(super) hint: String,
}

#[derive(Serialize)]
struct Told {
    error: String,
    hint: String,
}

impl Refusal {
    pub(super) fn bad_request(error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error: error.into(),
            hint: hint.into(),
        }
    }

    /// A body that did not come whole, or is longer than it may be.
    pub(super) fn unread(rejection: &BytesRejection, hint: &str) -> Self {
        Self {
            status: rejection.status(),
            ..Self::bad_request(rejection.body_text(), hint)
        }
    }

    pub(super) fn not_found(error: impl Into<String>) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            error: error.into(),
            hint: "the page is at /, the API at /api/v1/state and /api/v1/histogram".into(),
        }
    }

    /// Error and hint as they may be shown: they quote what was asked.
    pub(super) fn told(self) -> (String, String) {
        let Self { error, hint, .. } = self;
        (name::text(error.as_bytes()), name::text(hint.as_bytes()))
    }
}

/// What came of it, for the audit.
pub(super) fn outcome<T>(result: &Result<T, Refusal>) -> String {
    match result {
        Ok(_) => "done".into(),
        Err(refusal) => refusal.clone().told().0,
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.status;
        let (error, hint) = self.told();
        let told = Told { error, hint };
        let mut response = (status, Json(told)).into_response();
        if status == StatusCode::TOO_MANY_REQUESTS {
            let seconds = HeaderValue::from_static(RETRY_AFTER);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        if status == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(WWW_AUTHENTICATE, bearer);
        }
        if status == StatusCode::UPGRADE_REQUIRED {
            let websocket = HeaderValue::from_static("websocket");
            response.headers_mut().insert(UPGRADE, websocket);
        }
        response
    }
}
