//! What has no function in C is refused with one screen that names the kernel, the place, and what to do.

use filbert_aot::{AotError, Module};
use filbert_compiler::{Level, Platform};
use filbert_ir::Code;

use crate::{kernels, module};

/// The screen for a text.
fn screen(text: &str) -> String {
    match Module::new("m", &kernels(text)) {
        Ok(_) => panic!("it is not refused: {text}"),
        Err(error) => {
            let diagnostics = error.diagnostics();
            assert!(diagnostics.list.iter().all(|found| found.code == Code::NotForObject && found.help.is_some()));
            diagnostics.render()
        }
    }
}

#[test]
fn all_findings_are_on_one_screen() {
    let text = "fn fine(x: f64) -> f64 { x + 1.0 }\n\
                fn of_gamma(x: f64) -> f64 { x.gamma() }\n\
                #[kernel(out = \"len(x)\")]\n\
                fn copy(x: &[f64], out: &mut [f64]) { for i in 0..x.len() { out[i] = x[i]; } }\n\
                fn both(x: f32) -> f32 { x.ln_gamma() + x.sin() }\n";
    let screen = screen(text);
    for says in [
        "[FB-1301] Error: kernel of_gamma: `gamma` is not to be had outside of Filbert's own processes",
        "kernels.rs:2:30",
        "[FB-1301] Error: kernel copy: the list `out` that it writes has another length in each row",
        "[FB-1301] Error: kernel both: `ln_gamma` is not to be had",
        "kernels.rs:5:26",
    ] {
        assert!(screen.contains(says), "{says} is not in\n{screen}");
    }
    assert_eq!(screen.matches("Error").count(), 3, "{screen}");
}

/// The page of the code shows what comes out.
#[test]
fn the_page_shows_the_screen() {
    let page = include_str!("../../docs/errors/FB-1301.md");
    let block = |kind: &str| page.split(&format!("```{kind}\n")).nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(screen(block("rust")).replace("kernels.rs", "copy.rs"), block("text"));
}

#[test]
fn names_that_c_does_not_have() {
    assert!(screen("fn größe(x: f64) -> f64 { x }").contains("kernel größe: its name is no name in C"));
    assert!(screen("fn error(x: f64) -> f64 { x }").contains("kernel error: another function of this object"));
    assert!(screen("fn m_target(x: f64) -> f64 { x }").contains("another function"));
    let twice = kernels("fn f(x: f64) -> f64 { x }");
    assert!(Module::new("m", &[twice.clone(), twice].concat()).is_err());
}

#[test]
fn an_object_is_of_one_architecture() {
    let module = module("m", "fn f(x: f64) -> f64 { x }");
    assert_eq!(module.object(&[]), Err(AotError::NoPlatform));
    let both = [Platform::Aarch64, Platform::X86_64(Level::V3)];
    assert_eq!(module.object(&both), Err(AotError::Architectures));
}
