//! zbar: a QR reader that is not ours.

use std::path::Path;
use std::process::Command;

/// The text of the one QR code in a picture.
pub fn read(picture: &Path) -> String {
    let output = Command::new("zbarimg")
        .args(["--raw", "--quiet", "--set", "*.enable=0", "--set", "qrcode.enable=1"])
        .arg(picture)
        .output()
        .expect("zbarimg is missing: run scripts/test, or apt-get install zbar-tools");
    assert!(output.status.success(), "no QR code can be read in {}", picture.display());
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.strip_suffix('\n').expect("one line").to_owned()
}
