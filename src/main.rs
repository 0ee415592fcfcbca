//! The `counterfoil` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    counterfoil::cli::run()
}
