//! What is being written, and earlier versions of files, on both databases.

use chrono::TimeDelta;
use loa::article::{ArticleId, Kept, Revision};
use loa::queue::{
    By, FileChange, Keep, Manuscript, Manuscripts as _, Queue as _, Record, Versions as _, Written, WrittenPicture,
};
use loa::text::Text;

use crate::store::{Place, on_both, t};

on_both! {
    a_manuscript_is_kept_until_it_is_handed_over_and_its_pictures_with_it
    every_version_of_a_file_is_kept_with_what_was_changed_elsewhere
}

fn manuscript(token: &str, minutes: i64, picture: Option<&Kept>) -> Manuscript {
    let pictures = picture.map(|kept| WrittenPicture { kept: Some(kept.clone()), ..WrittenPicture::default() });
    let written =
        Written { title: format!("Bài {minutes}"), pictures: pictures.into_iter().collect(), ..Written::default() };
    Manuscript {
        token: token.to_owned(),
        who: "chị Lan".to_owned(),
        writers: vec!["anh Nam".to_owned(), "chị Lan".to_owned()],
        saved_at: t(minutes),
        corrects: Some((ArticleId(7), Revision(2))),
        written,
        became: None,
    }
}

async fn a_manuscript_is_kept_until_it_is_handed_over_and_its_pictures_with_it(place: Place) {
    let store = place.open().await;
    let kept = Kept { hash: "a1".repeat(32), media_type: "image/png".to_owned(), width: 1, height: 1 };
    store.keep_picture(kept.clone(), vec![1, 2, 3], t(0)).await.unwrap();
    let first = manuscript("mot", 0, Some(&kept));
    assert!(store.save(first.clone(), None).await.unwrap());
    assert_eq!(store.manuscript("mot".to_owned()).await.unwrap(), Some(first.clone()));
    assert!(store.save(manuscript("hai", 1, None), None).await.unwrap());
    let later = manuscript("mot", 2, Some(&kept));
    assert!(!store.save(later.clone(), Some(t(9))).await.unwrap(), "something else stands there");
    assert!(store.save(later.clone(), Some(first.saved_at)).await.unwrap());
    let tokens = |list: Vec<Manuscript>| list.into_iter().map(|one| one.token).collect::<Vec<_>>();
    assert_eq!(tokens(store.unfinished(10).await.unwrap()), ["mot", "hai"]);
    assert_eq!(tokens(store.unfinished(1).await.unwrap()), ["mot"]);

    // Whoever tidies leaves its pictures, and nobody outside sees them.
    let in_a_week = t(0) + TimeDelta::days(7);
    store.tidy(&Keep::default(), in_a_week).await.unwrap();
    let bytes = || async { store.pictures().bytes(&kept.hash).await.unwrap() };
    assert_eq!(bytes().await, Some(vec![1, 2, 3]));
    assert_eq!(store.shown_picture(kept.hash.clone()).await.unwrap(), None);

    store.handed_over("mot".to_owned(), ArticleId(9), t(3)).await.unwrap();
    assert!(!store.save(manuscript("mot", 4, None), None).await.unwrap(), "it is an article now");
    let done = store.manuscript("mot".to_owned()).await.unwrap().unwrap();
    assert_eq!((done.became, done.written), (Some(ArticleId(9)), later.written));
    assert!(!store.throw_away("mot".to_owned()).await.unwrap());
    store.tidy(&Keep::default(), in_a_week).await.unwrap();
    assert_eq!(bytes().await, None, "no article shows it");

    assert!(store.throw_away("hai".to_owned()).await.unwrap());
    assert_eq!(store.unfinished(10).await.unwrap(), []);
    // What is done, or was left for good, goes with the next one that is saved.
    store.save(manuscript("ba", 60 * 24 * 8, None), None).await.unwrap();
    assert_eq!(store.manuscript("mot".to_owned()).await.unwrap(), None);
    store.close().await;
}

async fn every_version_of_a_file_is_kept_with_what_was_changed_elsewhere(place: Place) {
    let store = place.open().await;
    let change = |before: Option<&str>, after: Option<&str>, minutes| FileChange {
        file: "lexicon.tsv".to_owned(),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
        record: Record {
            by: By { who: "chị Lan".to_owned(), at: t(minutes) },
            what: "lexicon",
            channel: None,
            note: Text::same("sửa"),
        },
    };
    store.keep(change(Some("tay"), Some("một"), 1)).await.unwrap();
    store.keep(change(Some("một"), Some("hai"), 2)).await.unwrap();
    store.keep(change(Some("sửa tay"), None, 3)).await.unwrap();
    let versions = store.versions("lexicon.tsv".to_owned(), 10).await.unwrap();
    let mut said = Vec::new();
    for version in &versions {
        let version = store.version(version.id).await.unwrap().unwrap();
        said.push((version.who, version.content));
    }
    let by = |who: &str, content: Option<&str>| (who.to_owned(), content.map(str::to_owned));
    assert_eq!(
        said,
        [
            by("chị Lan", None),
            by("", Some("sửa tay")),
            by("chị Lan", Some("hai")),
            by("chị Lan", Some("một")),
            by("", Some("tay")),
        ]
    );
    assert_eq!(store.versions("lexicon.tsv".to_owned(), 2).await.unwrap().len(), 2);
    assert_eq!(store.versions("templates/email.txt".to_owned(), 2).await.unwrap(), []);
    store.close().await;
}
