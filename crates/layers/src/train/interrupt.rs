//! Ctrl-C as a wish to stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chainrule_graph::{Error, ErrorKind, Result};

/// The flag that the handler raises, once there is one.
static FLAG: Mutex<Option<Arc<AtomicBool>>> = Mutex::new(None);

/// The flag that ctrl-C raises; lowered, for whoever asks begins something new.
#[track_caller]
pub(super) fn flag() -> Result<Arc<AtomicBool>> {
    let mut installed = FLAG.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(flag) = &*installed {
        flag.store(false, Ordering::SeqCst);
        return Ok(flag.clone());
    }
    let flag = Arc::new(AtomicBool::new(false));
    let raised = flag.clone();
    let handler = move || {
        if raised.swap(true, Ordering::SeqCst) {
            // The second time: 128 and the number of the signal, as shells have it.
            std::process::exit(130);
        }
    };
    match ctrlc::set_handler(handler) {
        Ok(()) => {
            *installed = Some(flag.clone());
            Ok(flag)
        }
        Err(reason) => {
            let help = "raise a flag in your own handler, and hand it to `stop_on`";
            Err(Error::new(ErrorKind::Argument, "catch_ctrl_c", reason.to_string(), help))
        }
    }
}
