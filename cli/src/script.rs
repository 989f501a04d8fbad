//! An SQL script: its statements with the places where they stand, and errors shown at those places.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::common::{DataFusionError, Diagnostic as PlannerDiagnostic, Location};
use datafusion::sql::parser::{DFParser, DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};
use filbert_ir::{Code, Diagnostic, Diagnostics, Span};

use crate::failure::Failure;
use crate::kernel_file;
use crate::sql_error;

/// Length of a script in bytes: large INSERT statements are welcome, a data file taken for a script is not.
const SCRIPT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Nesting of SQL expressions; beyond, the parser refuses rather than overflow its stack.
const SQL_NESTING_MAX: usize = 128;

/// Tokens between two commas at one level of parentheses. A chain `a + b + c ...` is no nesting to the parser but
/// as deep a tree as it is long, and what walks the tree recurses.
const CHAIN_TOKENS_MAX: usize = 10_000;

/// Longest line that is shown in an excerpt.
const EXCERPT_BYTES_MAX: usize = 400;

/// A script that has been read and parsed.
pub(crate) struct Script {
    path: PathBuf,
    text: Arc<str>,
    /// The statements, in order.
    pub(crate) steps: Vec<Step>,
}

/// One statement of a script.
pub(crate) struct Step {
    /// The statement.
    pub(crate) statement: Statement,
    start: Location,
}

impl Step {
    /// Whether it is a CREATE FUNCTION.
    pub(crate) fn creates_function(&self) -> bool {
        matches!(&self.statement, Statement::Statement(s) if matches!(**s, SqlStatement::CreateFunction(_)))
    }

    /// Whether it gives rows to show. What defines or sets something does not.
    pub(crate) fn has_result(&self) -> bool {
        match &self.statement {
            Statement::CreateExternalTable(_) | Statement::Reset(_) => false,
            Statement::CopyTo(_) | Statement::Explain(_) => true,
            Statement::Statement(statement) => {
                let text = statement.to_string();
                let verb = text.split_whitespace().next().unwrap_or_default();
                !matches!(verb, "CREATE" | "DROP" | "SET" | "RESET" | "PREPARE" | "DEALLOCATE" | "TRUNCATE")
            }
        }
    }
}

impl Script {
    /// Reads and parses the whole script, so that a mistake in its last line is found before the first one runs.
    pub(crate) fn read(path: &Path) -> Result<Script, Failure> {
        let text: Arc<str> = kernel_file::read(path, SCRIPT_BYTES_MAX)?.into();
        let mut script = Script { path: path.to_path_buf(), text: text.clone(), steps: Vec::new() };
        match parse(&text) {
            Ok(steps) => script.steps = steps,
            Err(error) => return Err(script.syntax_error(&error)),
        }
        if script.steps.is_empty() {
            return Err(Failure::new(Code::Sql, format!("{} has no statement", path.display())));
        }
        Ok(script)
    }

    /// `job.sql:12`
    pub(crate) fn place(&self, step: &Step) -> String {
        format!("{}:{}", self.path.display(), step.start.line)
    }

    /// The span of the word at a place, in bytes.
    fn word_at(&self, location: Location) -> Span {
        let start = self.offset(location);
        let rest = &self.text[start..];
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let one = rest.chars().next().map_or(0, char::len_utf8);
        Span::new(start, start + word.max(one))
    }

    /// Lines and columns count from 1, columns in characters.
    fn offset(&self, location: Location) -> usize {
        let line_start = match location.line {
            0 | 1 => 0,
            line => self.text.match_indices('\n').nth(line as usize - 2).map_or(self.text.len(), |(i, _)| i + 1),
        };
        let line = &self.text[line_start..];
        let column = (location.column as usize).saturating_sub(1);
        line.char_indices().nth(column).map_or(self.text.len(), |(i, _)| line_start + i)
    }

    /// The finding with its excerpt; without one where the line would fill the screen.
    fn screen(&self, diagnostic: Diagnostic) -> Failure {
        let name = self.path.display();
        let (before, behind) = self.text.split_at(diagnostic.span.map_or(0, |span| span.start as usize));
        let column = before.len() - before.rfind('\n').map_or(0, |i| i + 1);
        let length = column + behind.find('\n').unwrap_or(behind.len());
        if length > EXCERPT_BYTES_MAX {
            let line = before.matches('\n').count() + 1;
            let message = format!("{name}:{line}:{}: {}", column + 1, diagnostic.message);
            return Failure::of(Diagnostic { message, ..diagnostic });
        }
        Diagnostics::new(vec![diagnostic], name.to_string(), self.text.clone()).into()
    }

    /// What the parser says, at the place that it names.
    fn syntax_error(&self, error: &DataFusionError) -> Failure {
        let message = sql_error::message(error);
        if message.starts_with("RecursionLimitExceeded") {
            let message = format!("{}: nested deeper than {SQL_NESTING_MAX} levels", self.path.display());
            return Failure::new(Code::Sql, message);
        }
        match sql_error::split_place(&message) {
            Some((message, place)) => self.screen(Diagnostic::new(Code::Sql, self.word_at(place), message)),
            None => self.screen(Diagnostic::unplaced(Code::Sql, message)),
        }
    }

    /// An error of this statement, at the words that the planner names, else at the statement's beginning.
    pub(crate) fn statement_error(
        &self,
        step: &Step,
        code: Code,
        message: String,
        planner: Option<&PlannerDiagnostic>,
    ) -> Failure {
        let diagnostic = match planner.and_then(|planner| planner.span) {
            Some(span) => Diagnostic::new(code, Span::new(self.offset(span.start), self.offset(span.end)), message),
            None => Diagnostic::new(code, self.word_at(step.start), message).label("in this statement"),
        };
        self.screen(diagnostic)
    }
}

fn parse(text: &str) -> Result<Vec<Step>, DataFusionError> {
    let tokens = Tokenizer::new(&GenericDialect {}, text).tokenize_with_location();
    let tokens = tokens.map_err(|e| sql_failure(e.into()))?;
    if let Some(token) = long_chain(&tokens) {
        let message =
            format!("more than {CHAIN_TOKENS_MAX} words without a comma, too long an expression{}", token.span.start);
        return Err(sql_failure(ParserError::ParserError(message)));
    }
    let mut parser = DFParserBuilder::new(tokens).with_recursion_limit(SQL_NESTING_MAX).build()?;
    let mut steps = Vec::new();
    loop {
        let separated = skip_semicolons(&mut parser);
        let next = parser.parser.peek_token();
        if next.token == Token::EOF {
            return Ok(steps);
        }
        if !separated && !steps.is_empty() {
            let found = parser.parser.expected::<()>("end of statement", next.clone());
            found.map_err(sql_failure)?;
        }
        let start = Location { line: next.span.start.line, column: next.span.start.column };
        steps.push(Step { statement: parser.parse_statement()?, start });
    }
}

fn skip_semicolons(parser: &mut DFParser<'_>) -> bool {
    let mut any = false;
    while parser.parser.consume_token(&Token::SemiColon) {
        any = true;
    }
    any
}

fn sql_failure(error: ParserError) -> DataFusionError {
    DataFusionError::SQL(Box::new(error), None)
}

/// The token with which a chain becomes too long.
fn long_chain(tokens: &[TokenWithSpan]) -> Option<&TokenWithSpan> {
    let mut open = Vec::new();
    let mut length = 0;
    tokens.iter().find(|token| {
        match &token.token {
            Token::Whitespace(_) => return false,
            Token::Comma => length = 0,
            Token::SemiColon => {
                open.clear();
                length = 0;
            }
            Token::LParen => open.push(std::mem::take(&mut length)),
            Token::RParen => length = open.pop().unwrap_or(0) + 1,
            _ => length += 1,
        }
        length > CHAIN_TOKENS_MAX
    })
}
