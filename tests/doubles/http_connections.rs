//! Connections to the webhook receiver: refused, cut, kept, closed.

use std::sync::mpsc;

use super::http::far_that;
use super::poster::{Poster, event};
use super::raw_post::RawPost;
use crate::support::hostile_http::Fault;

#[tokio::test]
async fn refuse_connection_cuts_a_fresh_connection_before_it_speaks() {
    let (far, poster) = far_that(vec![Fault::RefuseConnection]);
    // The reset may come as early as in `connect` itself.
    let silently = async {
        let mut silent = tokio::net::TcpStream::connect(far.address()).await?;
        tokio::io::AsyncReadExt::read_u8(&mut silent).await
    };
    assert_eq!(silently.await.expect_err("a reset").kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(far.state().look(|state| state.reset_unread), 1);
    assert_eq!(poster.post("m1", &event("published", "bai-1", 1)).await.status(), 200);
}

#[tokio::test]
async fn offline_refuses_at_the_kernel_and_the_same_port_comes_back() {
    let (far, poster) = far_that(vec![]);
    assert_eq!(poster.post("m1", &event("published", "bai-1", 1)).await.status(), 200);
    let url = far.url();
    for _ in 0..20 {
        far.go_offline();
        // A fresh client: on a pooled connection the cut can also be met in the middle of the request.
        let error = Poster::to(&far).post_in_vain("m2", &event("corrected", "bai-1", 2)).await;
        assert!(error.is_connect() && format!("{error:?}").contains("ConnectionRefused"), "{error:?}");
        far.come_back();
    }
    assert_eq!(far.url(), url);
    assert_eq!(Poster::to(&far).post("m2", &event("corrected", "bai-1", 2)).await.status(), 200);
    assert_eq!(far.board().shown("", "bai-1").copies, [2]);
}

/// Each program that starts holds a copy of every socket for a moment.
#[test]
fn offline_refuses_while_other_programs_start() {
    let (far, _) = far_that(vec![]);
    let (done, is_done) = mpsc::channel::<()>();
    let starting = std::thread::spawn(move || {
        while is_done.try_recv() == Err(mpsc::TryRecvError::Empty) {
            std::process::Command::new("true").status().unwrap();
        }
    });
    for _ in 0..1_000 {
        far.go_offline();
        assert!(std::net::TcpStream::connect(far.address()).is_err(), "it was let in");
        far.come_back();
    }
    drop(done);
    starting.join().unwrap();
}

#[tokio::test]
async fn close_keep_alive_closes_without_saying_so() {
    let (far, poster) = far_that(vec![Fault::CloseKeepAlive]);
    let mut raw = RawPost::head_only(&far, "published").await;
    raw.send_body().await;
    let head = raw.read_head().await;
    assert!(head.starts_with("HTTP/1.1 200 ") && !head.to_lowercase().contains("connection:"), "{head}");
    assert_eq!(raw.read_to_end().await, "");
    assert_eq!(poster.post("m2", &event("corrected", "bai-1", 2)).await.status(), 200);
    assert_eq!(far.state().look(|state| state.connections), 2);
}

#[tokio::test]
async fn connections_are_kept_otherwise() {
    let (far, poster) = far_that(vec![Fault::Status(500), Fault::Html502, Fault::Ok204]);
    for at in 0..5 {
        poster.post(&format!("m{at}"), &event("corrected", "bai-1", at)).await.bytes().await.expect("a body");
    }
    assert_eq!(far.state().look(|state| state.connections), 1);
}

#[tokio::test]
async fn dropping_the_far_side_ends_everything() {
    let (far, poster) = far_that(vec![Fault::PostThenHang]);
    let sending = tokio::spawn(poster.request("m1", &event("published", "bai-1", 1)).send());
    far.wait_until("the request hangs", |state| state.hanging == 1).await;
    drop(far);
    sending.await.expect("no panic").expect_err("the connection was closed");
    assert!(poster.post_in_vain("m1", &event("published", "bai-1", 1)).await.is_connect());
}
