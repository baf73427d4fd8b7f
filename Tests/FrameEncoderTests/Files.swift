import Foundation

func makeFolder(_ path: String) throws {
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
}

/// A symlink at `path`, absolute.
func makeLink(_ path: String, to target: String) throws {
  try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
}

func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
