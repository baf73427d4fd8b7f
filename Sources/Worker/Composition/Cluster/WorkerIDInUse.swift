internal import Identifiers

/// Another worker lives under the id that this one was to have: with two of them each stream would run twice.
struct WorkerIDInUse: Error, CustomStringConvertible {
  let id: WorkerID

  var description: String {
    "WORKER_ID=\(id) is taken: another worker runs with it and renews its lease in Redis; "
      + "give each worker an id of its own, or end the other one first"
  }
}
