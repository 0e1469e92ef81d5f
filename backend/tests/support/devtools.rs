//! What WebDriver has no command for, through the browser's own tools: the size of the page itself, whatever frame
//! a window has, and what a person's system prefers.

use super::browser::Browser;
use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Value, json};

#[derive(Debug)]
struct Command {
    name: &'static str,
    params: Value,
}

impl WebDriverCompatibleCommand for Command {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/goog/cdp/execute"))
    }

    fn method_and_body(&self, _url: &url::Url) -> (http::Method, Option<String>) {
        let body = json!({ "cmd": self.name, "params": self.params });
        (http::Method::POST, Some(body.to_string()))
    }
}

/// What the browser has written to its console, or the page.
#[derive(Debug)]
struct Console;

impl WebDriverCompatibleCommand for Console {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _url: &url::Url) -> (http::Method, Option<String>) {
        let body = json!({ "type": "browser" });
        (http::Method::POST, Some(body.to_string()))
    }
}

impl Browser {
    /// The errors and warnings that its console was told since this was last asked.
    pub async fn complaints(&self) -> Vec<String> {
        let entries = self.page.issue_cmd(Console).await.expect("its console");
        let entries = entries.as_array().expect("entries").iter();
        let complaints = entries.filter(|entry| ["SEVERE", "WARNING"].contains(&level(entry)));
        complaints
            .map(|entry| entry["message"].to_string())
            .collect()
    }

    async fn tell(&self, name: &'static str, params: Value) {
        let told = self.page.issue_cmd(Command { name, params }).await;
        told.expect("a command of the browser's tools");
    }

    /// Runs a script in every page that is opened from now on, before anything of its own.
    pub async fn run_before(&self, script: &str) {
        let script = json!({ "source": script });
        self.tell("Page.addScriptToEvaluateOnNewDocument", script)
            .await;
    }

    /// Lets the pages of an origin do something, or not: `("clipboard-write", "denied")`.
    pub async fn permit(&self, origin: &str, name: &str, setting: &str) {
        let permission = json!({ "name": name });
        let params = json!({ "permission": permission, "setting": setting, "origin": origin });
        self.tell("Browser.setPermission", params).await;
    }

    /// Makes the page this large, in CSS pixels that are one pixel each.
    pub async fn resize(&self, width: u32, height: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.tell("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Lets the system prefer something: `("prefers-contrast", "more")`.
    pub async fn prefer(&self, features: &[(&str, &str)]) {
        let features = features.iter();
        let features: Vec<_> = features
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
        let media = json!({ "features": features });
        self.tell("Emulation.setEmulatedMedia", media).await;
    }
}

fn level(entry: &Value) -> &str {
    entry["level"].as_str().unwrap_or_default()
}
