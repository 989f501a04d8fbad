//! The stable codes of everything that can go wrong, in one table.
//!
//! A code is never reused and its meaning never changes; engines flatten errors to text, so the code
//! stands in every message and tells the class, which says whether trying again can help.

use std::fmt;

/// Who is to blame, and whether a retry can help.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Class {
    /// The kernel or the data; the same every time.
    User,
    /// A documented limit; the same every time.
    Limit,
    /// Made by another version of Filbert; may work elsewhere.
    Skew,
    /// Memory, files, permissions; may work later or elsewhere.
    Resource,
    /// Cancelled or out of time; may work later.
    Deadline,
    /// A defect of Filbert.
    Internal,
}

impl Class {
    /// Whether running the same again can give something else.
    pub fn is_retryable(self) -> bool {
        matches!(self, Class::Skew | Class::Resource | Class::Deadline)
    }
}

macro_rules! codes {
    ($($name:ident = $number:literal $class:ident $title:literal;)*) => {
        /// A stable code; prints as `FB-0101`.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $( #[doc = $title] $name, )* }

        impl Code {
            /// Every code, by number.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// The number behind `FB-`.
            pub fn number(self) -> u16 {
                match self { $(Code::$name => $number,)* }
            }

            /// The class of errors with this code.
            pub fn class(self) -> Class {
                match self { $(Code::$name => Class::$class,)* }
            }

            /// What it is, in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Code::$name => $title,)* }
            }
        }
    };
}

codes! {
    // source text
    Syntax = 1 User "not Rust syntax";
    Unsupported = 2 User "a Rust construct that kernels do not have";
    NoKernel = 3 User "no kernel in the text";
    DuplicateName = 4 User "a name defined twice";
    BadAttribute = 5 User "an attribute that kernels do not have";
    // names and types
    UnknownName = 101 User "unknown name";
    UnknownFunction = 102 User "unknown function or method";
    TypeMismatch = 103 User "types do not match";
    ArgumentCount = 104 User "wrong number of arguments";
    OperandType = 105 User "operation is not defined for this type";
    LiteralRange = 106 User "literal does not fit its type";
    Immutable = 107 User "assignment to an immutable variable";
    Recursion = 108 User "kernels that call themselves";
    UnknownType = 109 User "unknown type";
    MissingValue = 110 User "a block without a value";
    ConstEval = 111 User "constant cannot be computed";
    Misplaced = 112 User "a jump that leads nowhere";
    NonExhaustive = 113 User "a pattern that misses values";
    Unset = 114 User "a variable that may have no value";
    // limits
    KernelTooLarge = 201 Limit "kernel exceeds a limit";
    // verifier: a front-end defect or a hand-made kernel
    Malformed = 301 User "kernel is not well formed";
    // wire form
    Decode = 401 User "bytes are not a kernel";
    VersionSkew = 402 Skew "kernel was made by another version";
    // rows
    Overflow = 501 User "integer overflow";
    DivideByZero = 502 User "division by zero";
    ShiftRange = 503 User "shift amount out of range";
    ClampBounds = 504 User "clamp with bounds out of order";
    IndexRange = 505 User "index out of range";
    FuelExhausted = 506 Limit "loop ran out of fuel";
    UnequalLengths = 507 User "lists differ in length";
    Domain = 508 User "argument outside the function's domain";
    Assertion = 509 User "assertion failed";
    // calls
    SignatureMismatch = 601 User "columns do not match the kernel's parameters";
    LengthMismatch = 602 User "columns differ in length";
    // SQL and jobs
    CreateFunction = 701 User "CREATE FUNCTION is wrong";
    Coercion = 702 User "a column cannot be converted without loss";
    Input = 703 User "input cannot be read";
    Output = 704 Resource "output cannot be written";
    Sql = 705 User "SQL is wrong";
    Query = 706 User "the query failed";
    // resources
    OutOfMemory = 801 Resource "out of memory";
    Cancelled = 802 Deadline "cancelled";
    JitUnavailable = 803 Resource "native code cannot be run here";
    // ours
    Internal = 901 Internal "a defect of Filbert";
    // warnings: the kernel works
    WarnUnusedParameter = 1001 User "a parameter that is not used";
    WarnUnusedVariable = 1002 User "a variable that is not used";
    WarnNanComparison = 1003 User "a comparison with NaN";
    WarnIntegerDivision = 1004 User "a division of integers, which drops the fraction";
    WarnPrecisionLoss = 1005 User "a conversion that can change the value";
    WarnUnboundedLoop = 1006 User "a loop that only the fuel ends";
    WarnUnreachable = 1007 User "code that is never reached";
    // the cluster
    ClusterUnreachable = 1101 Resource "the cluster cannot be reached";
    ExecutorLost = 1102 Resource "an executor was lost while the job ran";
    KernelCrashed = 1103 Internal "a kernel ended its executor";
    NotLoopback = 1104 User "an address that others can reach";
    // ahead of time
    NotForObject = 1301 User "a kernel that an object file cannot hold";
}

/// Whether a finding keeps a kernel from being made.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Severity {
    /// There is no kernel, or no result.
    Error,
    /// The kernel works, but perhaps not as it was meant.
    Warning,
}

impl Code {
    /// The severity of findings with this code: the group 10xx holds the warnings.
    pub fn severity(self) -> Severity {
        if self.number() / 100 == 10 { Severity::Warning } else { Severity::Error }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FB-{:04}", self.number())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
