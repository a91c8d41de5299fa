//! Parses the command line, chooses a verb, installs error reports. Nothing else.

fn main() -> std::process::ExitCode {
    tidegate::cli::main()
}
