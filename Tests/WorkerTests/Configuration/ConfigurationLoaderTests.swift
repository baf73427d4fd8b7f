import Foundation
import Testing

@testable import Worker

@Suite struct ConfigurationLoaderTests {
  /// A folder that goes when the test has ended.
  private final class Folder {
    let path: String

    init() throws {
      path = NSTemporaryDirectory() + "millrace-configuration-" + UUID().uuidString
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    func write(_ name: String, _ content: some DataProtocol) throws -> String {
      try Data(content).write(to: URL(fileURLWithPath: path + "/" + name))
      return path + "/" + name
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  @Test func readsYAMLLinesAndDotEnvByTheirPlace() throws {
    let folder = try Folder()
    let loader = ConfigurationLoader(directory: folder.path)
    _ = try folder.write(".env", Data("export PORT=1\nHOST=::1\nUNKNOWN_TO_US=x\nPORT=2\n".utf8))
    let yaml = try folder.write("m.yml", Data("Port: 3\n".utf8))
    let lines = try folder.write("m.conf", Data("# three\nPORT=4\n".utf8))

    let dotEnv = try loader.load(flags: [], file: nil, environment: [:])
    #expect(dotEnv.configuration.server.port == 2)
    #expect(dotEnv.configuration.server.host == "::1")
    #expect(dotEnv.origins["PORT"] == .file(".env", line: 4))
    #expect(try loader.load(flags: [], file: yaml, environment: [:]).configuration.server.port == 3)
    let fromLines = try loader.load(flags: [], file: lines, environment: [:])
    #expect(fromLines.origins["PORT"] == .file(lines, line: 2))
    #expect(
      try loader.load(flags: [], file: yaml, environment: ["port": " 5 ", "PORT": "6"]).configuration.server.port == 6)
    let flag = [GivenSetting(name: "PORT", value: "7", origin: .flag)]
    #expect(try loader.load(flags: flag, file: yaml, environment: ["PORT": "6"]).configuration.server.port == 7)
  }

  @Test func withoutDotEnvTheDefaultsHold() throws {
    let folder = try Folder()
    let effective = try ConfigurationLoader(directory: folder.path).load(flags: [], file: nil, environment: [:])
    #expect(effective.origins == [:])
  }

  @Test func whatIsWrongInEachSourceIsSaidTogether() throws {
    let folder = try Folder()
    _ = try folder.write(".env", Data("PORT\n".utf8))
    let yaml = try folder.write("m.yaml", Data("port: 1\nhost: {}\nprt: 2\n".utf8))
    let error = #expect(throws: ConfigurationError.self) {
      try ConfigurationLoader(directory: folder.path).load(flags: [], file: yaml, environment: ["LOOPS": "many"])
    }
    #expect(error?.problems.map(\.name) == ["\(yaml) line 2", ".env line 1", "prt", "LOOPS"])
  }

  @Test func aFileThatCannotBeReadIsNamed() throws {
    let folder = try Folder()
    let loader = ConfigurationLoader(directory: folder.path)
    let latin = try folder.write("latin.conf", [0x41, 0x3D, 0xFF])
    let large = try folder.write("large.conf", Data(repeating: 0x23, count: ConfigurationLoader.maximumFileBytes + 1))
    for path in [folder.path + "/absent.yaml", folder.path, latin, large] {
      let error = #expect(throws: ConfigurationError.self) { try loader.load(flags: [], file: path, environment: [:]) }
      #expect(error?.problems.map(\.name) == [path])
    }
    let empty = try folder.write("empty.conf", Data())
    #expect(try loader.load(flags: [], file: empty, environment: [:]).origins == [:])
  }
}
