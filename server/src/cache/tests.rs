//! One load per key, and what fails does no harm: guarantee 2.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use prometheus_client::registry::Registry;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::change::tests::MemoryLog;
use super::{Cache, CacheOptions, Declaration, Invalidation, Json, LoadError, Lookup, Resource, Tiers};

const TABLE: &[Declaration] =
    &[Declaration { name: "t", key: "t:{id}", ttl_secs: 60, tags: &["all"], tiers: Tiers::Both, version: 0 }];

const T: Resource<Json<usize>> = Resource::declared(TABLE, "t");

#[derive(Clone, Debug, PartialEq, Eq)]
enum Trouble {
    Broken,
    Away,
}

impl LoadError for Trouble {
    fn is_unavailable(&self) -> bool {
        *self == Self::Away
    }
}

async fn cache(options: CacheOptions) -> Arc<Cache> {
    let log = Arc::new(MemoryLog::default());
    log.commit(Invalidation::default());
    Arc::new(Cache::start(TABLE, options, log, &mut Registry::default()).await.unwrap())
}

async fn get(cache: &Cache, value: usize) -> (usize, Lookup) {
    let load = || async move { Ok::<_, Trouble>(Some(Json(value))) };
    let found = cache.get_or_load(T, "x", load).await.unwrap().unwrap();
    (found.value.0, found.lookup)
}

#[tokio::test]
async fn a_value_is_loaded_once_and_again_after_an_invalidation() {
    let cache = cache(CacheOptions::default()).await;
    assert_eq!(get(&cache, 1).await, (1, Lookup::Miss));
    assert_eq!(get(&cache, 2).await, (1, Lookup::Hit));
    for (value, invalidation) in
        [Invalidation::key("t:x"), Invalidation::tag("all"), Invalidation::pattern("t:*")].into_iter().enumerate()
    {
        cache.invalidate(&invalidation).await;
        assert_eq!(get(&cache, value).await, (value, Lookup::Miss), "{invalidation:?}");
        assert_eq!(get(&cache, 9).await, (value, Lookup::Hit));
    }
    cache.doubt();
    assert_eq!(get(&cache, 4).await, (4, Lookup::Miss));
}

#[tokio::test]
async fn neither_a_failure_nor_an_absence_is_kept() {
    let cache = cache(CacheOptions::default()).await;
    let broken = || async { Err::<Option<Json<usize>>, _>(Trouble::Broken) };
    assert_eq!(cache.get_or_load(T, "x", broken).await.unwrap_err(), Trouble::Broken);
    let absent = || async { Ok::<Option<Json<usize>>, Trouble>(None) };
    assert!(cache.get_or_load(T, "x", absent).await.unwrap().is_none());
    assert_eq!(get(&cache, 1).await, (1, Lookup::Miss));
}

#[tokio::test]
async fn a_load_that_panics_or_is_given_up_is_taken_over() {
    let cache = cache(CacheOptions::default()).await;
    let panics = {
        let cache = Arc::clone(&cache);
        tokio::spawn(async move {
            let load = || async { if true { panic!("a loader's bug") } else { Ok::<_, Trouble>(Some(Json(1))) } };
            cache.get_or_load(T, "x", load).await.map(|found| found.is_some())
        })
    };
    assert!(panics.await.unwrap_err().is_panic());

    let began = Arc::new(Notify::new());
    let given_up = {
        let (cache, began) = (Arc::clone(&cache), Arc::clone(&began));
        tokio::spawn(async move {
            let load = || async {
                began.notify_one();
                std::future::pending::<Result<Option<Json<usize>>, Trouble>>().await
            };
            let _ = cache.get_or_load(T, "x", load).await;
        })
    };
    began.notified().await;
    let waiting = {
        let cache = Arc::clone(&cache);
        tokio::spawn(async move { get(&cache, 2).await })
    };
    tokio::task::yield_now().await;
    given_up.abort();
    assert_eq!(waiting.await.unwrap(), (2, Lookup::Miss));
    assert_eq!(get(&cache, 3).await, (2, Lookup::Hit));
}

#[tokio::test]
async fn however_many_miss_at_once_one_loads() {
    let (cache, loads) = (cache(CacheOptions::default()).await, Arc::new(AtomicUsize::new(0)));
    let mut readers = JoinSet::new();
    for _ in 0..1_000 {
        let (cache, loads) = (Arc::clone(&cache), Arc::clone(&loads));
        readers.spawn(async move {
            let load = || async {
                loads.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                Ok::<_, Trouble>(Some(Json(7)))
            };
            cache.get_or_load(T, "x", load).await.unwrap().unwrap().value.0
        });
    }
    assert!(readers.join_all().await.into_iter().all(|value| value == 7));
    assert_eq!(loads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_value_that_is_over_is_served_while_its_source_is_away() {
    let options = CacheOptions { overrides: vec![("t".into(), Some(1))], ..CacheOptions::default() };
    let cache = cache(options).await;
    assert_eq!(get(&cache, 1).await, (1, Lookup::Miss));
    tokio::time::sleep(Duration::from_millis(1_010)).await;
    let away = || async { Err::<Option<Json<usize>>, _>(Trouble::Away) };
    let found = cache.get_or_load(T, "x", away).await.unwrap().unwrap();
    assert_eq!((found.value.0, found.lookup), (1, Lookup::Stale));
    let broken = || async { Err::<Option<Json<usize>>, _>(Trouble::Broken) };
    assert_eq!(cache.get_or_load(T, "x", broken).await.unwrap_err(), Trouble::Broken, "a bug is no reason");
    cache.invalidate(&Invalidation::key("t:x")).await;
    assert_eq!(cache.get_or_load(T, "x", away).await.unwrap_err(), Trouble::Away, "what was changed is gone");
}

#[tokio::test]
async fn memory_is_bounded() {
    let cache = cache(CacheOptions { memory_bytes: 100_000, ..CacheOptions::default() }).await;
    for index in 0..10_000_usize {
        let load = || async move { Ok::<_, Trouble>(Some(Json(index))) };
        cache.get_or_load(T, &index.to_string(), load).await.unwrap();
    }
    let (entries, bytes) = cache.size();
    assert!(bytes <= 100_000 && entries > 100, "{entries} entries, {bytes} bytes");
}
