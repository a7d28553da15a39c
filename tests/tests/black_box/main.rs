//! Drives the real binary, over HTTP and the command line.

mod command_line;
mod databases;
mod demo;
mod headers;
mod key_files;
mod limits;
mod login;
mod passes;
mod pictures;
mod public_profile;
mod rotation;
mod tokens;
mod trouble;
