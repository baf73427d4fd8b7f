internal import Digests
internal import Foundation

/// Which token belongs to which client of the frame intake (`FRAMES_CLIENT_TOKENS`). Held by their digests: how long the
/// search takes tells nothing of them.
struct ClientTokens: Sendable, Equatable {
  /// A line that is none. Says nothing of what is in it.
  struct Malformed: Error, Equatable, CustomStringConvertible {
    let line: Int
    let reason: String

    var description: String { "line \(line): \(reason)" }
  }

  private let clients: [[UInt8]: String]

  private static let mostCharacters = 128

  /// `text`: lines `token client` with blanks between them; empty ones and those that begin with `#` do not count.
  init(_ text: String) throws(Malformed) {
    var clients: [[UInt8]: String] = [:]
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
      guard let token = words.first, !token.hasPrefix("#") else { continue }
      guard words.count == 2 else { throw Malformed(line: index + 1, reason: "not a token and a client id") }
      guard words[1].unicodeScalars.count <= Self.mostCharacters else {
        throw Malformed(line: index + 1, reason: "the client id has more than \(Self.mostCharacters) characters")
      }
      guard clients.updateValue(String(words[1]), forKey: Self.digest(token)) == nil else {
        throw Malformed(line: index + 1, reason: "the token is there twice")
      }
    }
    self.clients = clients
  }

  init(file path: String) throws(ConfigurationProblem) {
    let problem: String
    do {
      self = try ClientTokens(String(contentsOfFile: path, encoding: .utf8))
      return
    } catch let error as Malformed {
      problem = "\(path), \(error); lines are 'token client'"
    } catch {
      problem = "\(path) cannot be read"
    }
    throw ConfigurationProblem(name: "FRAMES_CLIENT_TOKENS", message: problem)
  }

  private static func digest(_ token: some StringProtocol) -> [UInt8] { SHA256.digest(Array(token.utf8)) }

  subscript(token: String) -> String? { clients[Self.digest(token)] }
}
