//! stub
use crate::text::Text;
use std::path::PathBuf;
#[derive(Debug)]
pub enum DemoError {
    App(crate::app::AppError),
    NotSettled,
}
pub async fn run(_once: bool, _dir: Option<PathBuf>, _say: &(dyn Fn(Text) + Sync)) -> Result<(), DemoError> {
    Ok(())
}
