//! Durable work: operations that outlive a process, and the ports behind which their state is kept. Whoever implements
//! the ports keeps a record of what was begun before it is begun; so after a crash nothing is lost and nothing is done
//! twice. No clock is read and nothing is stored here.

mod audit;
mod blobs;
mod claims;
mod failure;
mod memory;
mod memory_audit;
mod memory_claims;
mod operation;
mod operations;
mod ports;
mod requests;

pub use audit::{AuditEvent, AuditFilter, AuditLog, Verb};
pub use blobs::{Blobs, MemoryBlobs};
pub use claims::{Claim, Claimed, Claims, Intent};
pub use failure::Failure;
pub use memory::MemoryOperations;
pub use memory_audit::MemoryAudit;
pub use memory_claims::MemoryClaims;
pub use operation::{
    ClientId, CopyTask, DeleteTask, ImageRecord, ImportItem, ImportTask, ItemOutcome, ItemRecord, Operation,
    OperationId, Phase, PlanTask, Progress, PublishTask, TargetRecord, Task, UploadTerms,
};
pub use operations::{Ending, Lease, MOST_TRIES, NewOperation, OperationFilter, Operations, Request, Standing};
pub use ports::Work;
pub use requests::{Begun, MemoryRequests, Requests};

#[cfg(test)]
mod tests;
