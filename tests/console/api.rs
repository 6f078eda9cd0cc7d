//! The JSON API: its description, its documentation and its answers say the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use loa::console::api_routes;
use loa::intake::article_routes;
use serde_json::{Value, json};

use crate::support::hostile_http::Fault;
use crate::support::house::{BEARER, JSON, TOKEN, daemon, deliveries, house, on_channel, printed, settled};
use crate::support::process::{Answer, Daemon, eventually};
use crate::support::world::World;

fn description() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/console/api/openapi.json");
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// What is written in the description: method and address.
fn described(description: &Value) -> BTreeSet<(String, String)> {
    let paths = description["paths"].as_object().unwrap();
    let methods = |(path, methods): (&String, &Value)| {
        let methods = methods.as_object().unwrap().keys();
        methods.map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
    };
    paths.iter().flat_map(methods).collect()
}

#[test]
fn what_is_described_is_what_there_is() {
    let own = api_routes().into_iter().chain(article_routes());
    let there: BTreeSet<_> = own.map(|(method, path)| (method.to_string(), path.to_owned())).collect();
    let described = described(&description());
    let missing: Vec<_> = there.difference(&described).collect();
    assert!(missing.is_empty(), "not in openapi.json: {missing:?}");
    let gone: Vec<_> = described.difference(&there).collect();
    assert!(gone.is_empty(), "in openapi.json only: {gone:?}");
    assert!(there.len() > 20, "{there:?}");

    // The real router takes each of them, and no other method.
    let world = house();
    let daemon = daemon(&world);
    let paths: BTreeSet<&String> = described.iter().map(|(_, path)| path).collect();
    for path in paths {
        let address = path
            .replace("{id}", "7")
            .replace("{channel}", "portal")
            .replace("{source}", "cms")
            .replace("{external_id}", "x")
            .replace("{address}", "an@example.vn");
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
            let is_described = described.contains(&(method.to_owned(), path.clone()));
            let answer = daemon.call(method, &address, &[BEARER, JSON], b"");
            assert_eq!(answer.status != 405, is_described, "{method} {path}: {answer:?}");
            if answer.status >= 400 {
                problem(&answer);
            }
            // Only what the description says is open takes no token.
            let method = method.to_lowercase();
            if is_described {
                let is_open = description()["paths"][path][&method]["security"] == json!([]);
                let stranger = daemon.call(&method.to_uppercase(), &address, &[JSON], b"");
                assert_eq!(stranger.status == 401, !is_open, "{method} {path}");
            }
        }
    }
    let served = daemon.call("GET", "/api/v1/openapi.json", &[], b"");
    assert_eq!(served.json(), description());
}

/// Every error is a problem in words.
fn problem(answer: &Answer) {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer:?}");
    let schema = json!({ "$ref": "#/components/schemas/Problem" });
    fits(&schema, &answer.json(), "a problem");
}

/// Whether an answer is as its schema says.
fn fits(schema: &Value, answer: &Value, what: &str) {
    let whole = json!({ "allOf": [schema], "components": description()["components"] });
    let validator = jsonschema::draft202012::new(&whole).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(answer).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}\n{answer:#}");
}

/// Calls, and holds the answer against the description.
fn called(daemon: &Daemon, method: &str, path: &str, address: &str, body: &Value) -> Answer {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let operation = &description()["paths"][path][method.to_lowercase()];
    assert!(operation.is_object(), "{method} {path} is not described");
    if let Some(schema) = operation.pointer("/requestBody/content/application~1json/schema")
        && !body.is_null()
    {
        fits(schema, body, "a request");
    }
    let answer = daemon.call(method, address, &[BEARER, JSON], text.as_bytes());
    let status = answer.status.to_string();
    let mut said = operation["responses"][&status].clone();
    if let Some(reference) = said["$ref"].as_str() {
        said = description().pointer(reference.trim_start_matches('#')).unwrap().clone();
    }
    assert!(said.is_object(), "{method} {address}: {status} is not described: {answer:?}");
    if let Some(schema) = said.pointer("/content/application~1json/schema") {
        fits(schema, &answer.json(), &format!("{method} {address}"));
    }
    if answer.status >= 400 {
        problem(&answer);
    }
    answer
}

/// An office with a delivery that failed and one of which nobody knows whether it went out; everything else is done.
fn troubled(world: &World, daemon: &Daemon) -> (i64, i64) {
    let publish = |id: &str| {
        let body = json!({ "external_id": id, "title": format!("Bài {id}"), "body_text": "Sáng thứ Hai." });
        let answer = called(daemon, "POST", "/api/v1/articles", "/api/v1/articles", &body);
        assert_eq!(answer.status, 202);
    };
    world.hook.script(vec![Fault::Status(400)]);
    publish("hong");
    let failed = on_channel(world, "fanpage", "failed")["id"].as_i64().unwrap();
    world.hook.script(vec![Fault::PostThen500]);
    publish("chua-ro");
    let uncertain = eventually("nobody knows about one", || {
        let rows = deliveries(world);
        rows.iter()
            .find(|row| row["state"] == "uncertain" && row["due"].is_null())
            .map(|row| row["id"].as_i64().unwrap())
    });
    eventually("nothing is on its way any more", || {
        let moves = |row: &Value| row["state"] == "waiting" || row["state"] == "sending";
        (!deliveries(world).iter().any(moves)).then_some(())
    });
    (failed, uncertain)
}

fn troubled_house() -> World {
    let world = house();
    doubtful(&world);
    world
}

/// A Fanpage of which a lost answer leaves nobody knowing; it is waited for, however busy the machine of these tests is.
pub(super) fn doubtful(world: &World) {
    world.fanpage("receiver_honours_id = false");
    let file = std::fs::read_to_string(world.path("channels/fanpage.toml")).unwrap();
    world.write("channels/fanpage.toml", &file.replace("timeout = \"1s\"", "timeout = \"20s\""));
}

#[test]
fn real_answers_are_as_the_description_says() {
    let world = troubled_house();
    let daemon = daemon(&world);
    let (failed, uncertain) = troubled(&world, &daemon);
    let look = |path: &str, address: &str| called(&daemon, "GET", path, address, &Value::Null);
    let one = look("/api/v1/articles/{id}", "/api/v1/articles/1").json();
    assert_eq!(one["deliveries"].as_array().unwrap().len(), 4);
    let same = look("/api/v1/articles/{source}/{external_id}", "/api/v1/articles/cms/hong").json();
    assert_eq!(same, one);
    assert_eq!(look("/api/v1/articles/{source}/{external_id}", "/api/v1/articles/cms/nothing").status, 404);
    assert_eq!(look("/api/v1/articles/{id}", "/api/v1/articles/99").status, 404);

    // Pages of deliveries, each leading to the next.
    let path = "/api/v1/deliveries";
    let all = look(path, path).json();
    let mut address = format!("{path}?limit=3");
    let mut paged = Vec::new();
    loop {
        let answer = look(path, &address);
        paged.extend(answer.json().as_array().unwrap().clone());
        let Some(next) = answer.header("link") else { break };
        assert!(next.ends_with("; rel=\"next\""), "{next}");
        address = next[1..next.find('>').unwrap()].to_owned();
    }
    assert_eq!(Value::from(paged), all);
    let of_one = look(path, "/api/v1/deliveries?channel=fanpage&article=1").json();
    assert_eq!(of_one.as_array().unwrap().len(), 1);
    let states = look(path, "/api/v1/deliveries?state=failed").json();
    assert_eq!(states.as_array().unwrap().len(), 1);
    let settled_ones = look(path, "/api/v1/deliveries?state=settled&channel=portal").json();
    assert_eq!(settled_ones.as_array().unwrap().len(), 2);
    assert_eq!(look(path, "/api/v1/deliveries?state=lost").status, 422);

    let attempts = look("/api/v1/deliveries/{id}", &format!("{path}/{failed}")).json();
    assert_eq!(attempts["attempts"].as_array().unwrap().len(), 1, "{attempts}");
    assert_eq!(look("/api/v1/deliveries/{id}", "/api/v1/deliveries/99").status, 404);

    let act = |path: &str, address: &str, body: Value| called(&daemon, "POST", path, address, &body);
    let retry = "/api/v1/deliveries/{id}/retry";
    assert_eq!(act(retry, &format!("{path}/{failed}/retry"), Value::Null).status, 200);
    on_channel(&world, "fanpage", "settled");
    let again = act(retry, &format!("{path}/{failed}/retry"), Value::Null);
    assert_eq!(again.status, 409, "there is nothing to let go any more: {again:?}");
    let resolve = "/api/v1/deliveries/{id}/resolve";
    let mistyped = daemon.call("POST", &format!("{path}/{uncertain}/resolve"), &[BEARER, JSON], b"{\"went_uot\":true}");
    assert_eq!(mistyped.status, 422, "{mistyped:?}");
    let resolved = act(resolve, &format!("{path}/{uncertain}/resolve"), json!({ "went_out": true }));
    assert_eq!((resolved.status, &resolved.json()["state"]), (200, &json!("settled")));
    let missed = act("/api/v1/deliveries/{id}/missed", &format!("{path}/{failed}/missed"), Value::Null);
    assert_eq!(missed.status, 409, "a post has no readers who missed it");

    let channels = look("/api/v1/channels", "/api/v1/channels").json();
    assert_eq!(channels.as_array().unwrap().len(), 4);
    let pause =
        act("/api/v1/channels/{channel}/pause", "/api/v1/channels/portal/pause", json!({ "reason": "dời máy" }));
    assert!(pause.json()["paused"]["reason"].as_str().unwrap().contains("dời máy"), "{pause:?}");
    assert_eq!(act("/api/v1/channels/{channel}/pause", "/api/v1/channels/protal/pause", Value::Null).status, 404);
    let resume = act("/api/v1/channels/{channel}/resume", "/api/v1/channels/portal/resume", Value::Null);
    assert!(resume.json()["paused"].is_null());

    let preview = "/api/v1/channels/{channel}/preview";
    let article = json!({ "external_id": "xem", "title": "Xem thử", "body_text": "Chưa đăng." });
    let sample = act(preview, "/api/v1/channels/radio/preview", article.clone()).json();
    assert!(sample["payload"]["text"].as_str().unwrap().contains("Chưa đăng"), "{sample}");
    let untitled = act(preview, "/api/v1/channels/radio/preview", json!({ "external_id": "x", "title": "" }));
    assert_eq!(untitled.status, 422);
    let published =
        called(&daemon, "PUT", "/api/v1/articles/{source}/{external_id}", "/api/v1/articles/cms/xem", &article);
    assert_eq!(published.status, 202);
    let sent = settled(&world, 12);
    let sent = sent.iter().find(|row| row["external_id"] == "xem" && row["channel"] == "radio").unwrap();
    assert_eq!(sent["payload_hash"].as_str().map(str::len), Some(64));

    let people = "/api/v1/channels/{channel}/subscribers";
    let address = "/api/v1/channels/email/subscribers";
    let two = json!({ "people": [{ "email": "An@Example.vn", "name": "An" }, { "email": "binh@example.vn" }] });
    assert_eq!(act(people, address, two.clone()).json(), json!({ "added": 2, "known": 0, "kept_out": 0 }));
    assert_eq!(act(people, address, two.clone()).json()["known"], 2);
    let bad = act(people, address, json!({ "people": [{ "email": "chi@example.vn" }, { "email": "không phải" }] }));
    assert!(bad.status == 422 && bad.json()["detail"].as_str().unwrap().contains("không phải"), "{bad:?}");
    let one = "/api/v1/channels/{channel}/subscribers/{address}";
    let gone = called(&daemon, "DELETE", one, &format!("{address}/an@example.vn?for_good=true"), &Value::Null);
    assert_eq!(gone.json()["before"], "active");
    assert_eq!(act(people, address, two).json()["kept_out"], 1, "their own word counts");
    let off = called(&daemon, "DELETE", one, &format!("{address}/binh@example.vn"), &Value::Null);
    assert_eq!(off.json(), json!({ "removed": true }));
    let first = look(people, &format!("{address}?limit=1"));
    assert_eq!(first.json()[0]["standing"], "unsubscribed", "{first:?}");
    assert!(first.header("link").is_some_and(|next| next.contains("after=an%40example.vn")), "{first:?}");
    assert_eq!(look(people, "/api/v1/channels/portal/subscribers").status, 404, "a portal has no list of people");

    let taken_back =
        called(&daemon, "DELETE", "/api/v1/articles/{source}/{external_id}", "/api/v1/articles/cms/xem", &Value::Null);
    assert_eq!(taken_back.status, 202);
    settled(&world, 12);
    let balance = look("/api/v1/balance", "/api/v1/balance").json();
    let total = |name: &str| balance.as_array().unwrap().iter().map(|row| row[name].as_i64().unwrap()).sum::<i64>();
    assert_eq!((total("received"), total("withdrawn")), (12, 4), "{balance}");
    // Everything that was decided stands in the ledger under the token's name.
    let told = printed(&world, &["doctor"]);
    assert!(told.contains("the ledger of decisions is as it was written"), "{told}");
}

#[test]
fn a_repeated_request_gets_its_first_answer_and_changes_nothing() {
    let world = troubled_house();
    let daemon = daemon(&world);
    let (failed, _) = troubled(&world, &daemon);
    let key = ("Idempotency-Key", "\"lan-1\"");
    let call = |path: &str, body: &str| daemon.call("POST", path, &[BEARER, JSON, key], body.as_bytes());
    let retry = format!("/api/v1/deliveries/{failed}/retry");
    let first = call(&retry, "");
    assert_eq!(first.status, 200, "{first:?}");
    on_channel(&world, "fanpage", "settled");
    let second = call(&retry, "");
    assert_eq!((second.status, &second.body), (200, &first.body), "though it cannot be let go any more");
    assert_eq!(daemon.call("POST", &retry, &[BEARER, JSON], b"").status, 409, "without the key it is a new request");
    let other = call("/api/v1/channels/portal/pause", "");
    assert!(other.status == 422 && other.json()["detail"].as_str().unwrap().contains("another request"), "{other:?}");
    // What was refused may be asked again under its key.
    let later = |address: &str| {
        daemon.call("POST", address, &[BEARER, JSON, ("Idempotency-Key", "lan-2")], b"{\"people\":[{\"email\":\"x\"}]}")
    };
    assert_eq!(later("/api/v1/channels/email/subscribers").status, 422);
    assert_eq!(later("/api/v1/channels/email/subscribers").status, 422);
    let people = "{\"people\":[{\"email\":\"an@example.vn\"}]}";
    let add = |key: &str| {
        let headers = [BEARER, JSON, ("Idempotency-Key", key)];
        daemon.call("POST", "/api/v1/channels/email/subscribers", &headers, people.as_bytes())
    };
    assert_eq!(add("lan-2").json()["added"], 1);
    assert_eq!(add("lan-2").json()["added"], 1, "the first answer");
    assert_eq!(add("lan-3").json()["known"], 1);
    // It is remembered by the store, not by the process.
    daemon.stop();
    let again = crate::support::house::daemon(&world);
    let third = again.call("POST", &retry, &[BEARER, JSON, key], b"");
    assert_eq!((third.status, third.body), (200, first.body));
}

#[test]
fn what_machines_watch_is_told_in_the_prometheus_format() {
    let world = troubled_house();
    let daemon = daemon(&world);
    troubled(&world, &daemon);
    printed(&world, &["pause", "portal"]);
    let metrics = eventually("the ledger was read through", || {
        let answer = daemon.call("GET", "/metrics", &[], b"");
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body.contains("loa_ledger_whole 1").then_some(answer.body)
    });
    let mut values = BTreeMap::new();
    let mut described = BTreeSet::new();
    for line in metrics.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            described.insert(rest.split(' ').next().unwrap().to_owned());
        } else if !line.starts_with('#') {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line}"));
            assert!(described.contains(name.split('{').next().unwrap()), "{line}");
            assert!(values.insert(name.to_owned(), value).is_none(), "twice: {name}");
        }
    }
    let is = |name: &str, value: f64| assert_eq!(values.get(name), Some(&value), "{name}\n{metrics}");
    is("loa_channel_paused{channel=\"portal\"}", 1.0);
    is("loa_channel_paused{channel=\"radio\"}", 0.0);
    is("loa_attempts_last_hour{channel=\"radio\",outcome=\"live\"}", 2.0);
    is("loa_queue_age_seconds{channel=\"radio\"}", 0.0);
    assert!(values["loa_store_bytes"] > 4096.0 && values["loa_disk_free_bytes"] > 0.0, "{metrics}");
    eventually("the balance is counted again", || {
        let body = daemon.call("GET", "/metrics", &[], b"").body;
        let all = ["failed\"} 1", "uncertain\"} 1"];
        all.iter()
            .all(|rest| body.contains(&format!("loa_deliveries{{channel=\"fanpage\",state=\"{rest}")))
            .then_some(())
    });
    let docs = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/api.md")).unwrap();
    for name in described {
        assert!(docs.contains(&format!("`{name}")), "docs/api.md does not name {name}");
    }
}

/// The blocks of a page: what language, what it says.
fn blocks(page: &str) -> Vec<(String, String)> {
    page.split("\n```")
        .skip(1)
        .step_by(2)
        .map(|block| {
            let (language, text) = block.split_once('\n').unwrap();
            (language.to_owned(), text.to_owned())
        })
        .collect()
}

/// Whether `answer` has everything that the example shows, of the same kind.
fn like(example: &Value, answer: &Value, at: &str) {
    match (example, answer) {
        (Value::Object(example), Value::Object(answer)) => {
            for (name, example) in example {
                let found = answer.get(name).unwrap_or_else(|| panic!("{at}.{name} is not in the answer"));
                like(example, found, &format!("{at}.{name}"));
            }
        }
        (Value::Array(example), Value::Array(answer)) => {
            if let (Some(example), Some(answer)) = (example.first(), answer.first()) {
                like(example, answer, &format!("{at}[0]"));
            }
        }
        (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_))
        | (Value::String(_), Value::String(_))
        | (Value::Null, _) => {}
        _ => panic!("{at}: the documentation says {example}, the answer {answer}"),
    }
}

#[test]
fn every_command_of_the_documentation_works() {
    let world = troubled_house();
    let daemon = daemon(&world);
    let (failed, uncertain) = troubled(&world, &daemon);
    let said = daemon.said();
    let address = crate::support::browser::between(&said, "API: ", "/api").unwrap().to_owned();
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/api.md")).unwrap();
    let (mut ran, mut compared) = (0, 0);
    let mut answer = String::new();
    for (language, text) in blocks(&page) {
        match language.as_str() {
            "sh" => {
                let output = Command::new("sh")
                    .args(["-euc", &text])
                    .env("LOA", &address)
                    .env("TOKEN", TOKEN)
                    .env("FAILED", failed.to_string())
                    .env("UNCERTAIN", uncertain.to_string())
                    .output()
                    .unwrap();
                answer = String::from_utf8(output.stdout).unwrap();
                let errors = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success() && !answer.is_empty(), "{text}\n{answer}{errors}");
                ran += 1;
            }
            "json" => {
                let example: Value = serde_json::from_str(&text).unwrap();
                like(&example, &serde_json::from_str(&answer).unwrap(), "$");
                compared += 1;
            }
            _ => {}
        }
    }
    assert!(ran >= 18 && compared >= 5, "{ran} commands, {compared} answers");
}
