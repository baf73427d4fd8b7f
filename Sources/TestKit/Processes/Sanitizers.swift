internal import Foundation

/// Whether `scripts/test --sanitize` runs the tests: a sanitizer keeps memory of its own for all that is used.
package let isSanitized = ["TSAN_OPTIONS", "ASAN_OPTIONS"].contains {
  ProcessInfo.processInfo.environment[$0] != nil
}
