//! A profile's text, coded: a frozen context model and a range coder (decision 1).

mod decode;
mod encode;
pub mod event;
mod model;
mod range;
pub mod script;
pub mod symbol;
mod tables;

pub(crate) use decode::decode;
pub(crate) use encode::encode;
pub use encode::encode_events;
