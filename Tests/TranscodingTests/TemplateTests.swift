import Testing

@testable import Transcoding

@Suite struct TemplateTests {
  @Test(arguments: [
    ("-a  b\tc\r\nd", ["-a", "b", "c", "d"]), ("'a b' \"c d\"", ["a b", "c d"]), ("a'b c'd", ["ab cd"]),
    ("'a\\'b", ["a\\b"]), (#""a\"b\\c\d""#, [#"a"b\c\d"#]), ("a\\ b", ["a\\", "b"]), ("''", [""]),
    ("{a|b c} d", ["{a|b c}", "d"]), ("{a|it's}", ["{a|it's}"]), ("\"{a|b}\"", ["{a|b}"]), ("é ü", ["é", "ü"]),
    ("", []),
  ])
  func splitting(text: String, expected: [String]) throws {
    #expect(try ArgumentSplitter.split(text) == expected)
  }

  @Test(arguments: ["'a", "\"a", "\"a\\", "a {b", "{"])
  func unbalancedQuotesAndBraces(text: String) {
    #expect(throws: ProfileError.self) { try ArgumentSplitter.split(text) }
  }

  @Test func sizeLimits() throws {
    #expect(try ArgumentSplitter.split(String(repeating: "a ", count: 256)).count == 256)
    #expect(throws: ProfileError.self) { try ArgumentSplitter.split(String(repeating: "a ", count: 257)) }
    #expect(throws: ProfileError.self) { try ArgumentSplitter.split(String(repeating: "a", count: 16385)) }
    #expect(throws: ProfileError.self) {
      try Template(arguments: ["-i", "{input_url}"] + Array(repeating: "a", count: 255))
    }
  }

  @Test(arguments: [
    ("x{a}y", ["a": "1"], "x1y"), ("{a|2}", [:], "2"), ("{a|2}", ["a": "1"], "1"), ("{a|}z", [:], "z"),
    ("{a}{b}", ["a": "{b}", "b": "'\" x"], "{b}'\" x"), ("{a|x|y}", [:], "x|y"),
  ])
  func substitution(argument: String, values: [String: String], expected: String) throws {
    #expect(try TemplateArgument(argument).render(values) == expected)
  }

  @Test func onlyASolePlaceholderThatBecameEmptyIsDropped() throws {
    #expect(try TemplateArgument("{a|}").render([:]) == nil)
    #expect(try TemplateArgument("{a}").render(["a": ""]) == nil)
    #expect(try TemplateArgument("{a|}{b|}").render([:])?.isEmpty == true)
    #expect(try TemplateArgument("").render([:])?.isEmpty == true)
  }

  @Test(arguments: ["{", "}", "a}", "{}", "{1a}", "{a b}", "{a|{b}}", "{{a}}", "{a", "{ä}", "{|x}", "{a\u{301}}"])
  func malformedPlaceholders(argument: String) {
    #expect(throws: ProfileError.self) { try TemplateArgument(argument) }
  }

  @Test func aNameWithoutValueIsRefused() throws {
    let template = try Template("-i {input_url} -b:v {x} -f mpegts pipe:1")
    #expect(throws: ProfileError.templateRefused(argument: "{x}", reason: "it has neither a value nor a default")) {
      try template.render([Template.inputName: "u"])
    }
  }

  @Test(arguments: [
    "-i http://h/x -f mpegts pipe:1", "-i {input_url} -i {input_url} pipe:1", "-i x{input_url} pipe:1",
    "-i concat:{input_url} pipe:1", "-i {input_url} -i x pipe:1", "-i {input_url} -metadata title={input_url} pipe:1",
    "-x {input_url} pipe:1", "{input_url} -i x pipe:1", "-i {other} pipe:1", "{input_url}", "-i",
  ])
  func theInputIsThereExactlyOnce(text: String) {
    #expect(throws: ProfileError.self) { try Template(text) }
  }

  @Test func variablesInOrder() throws {
    let template = try Template("-i {input_url} -b:v {v|2M} -b:a {v|3M} {output_args|}")
    #expect(
      template.variables == [
        TemplateVariable(name: "input_url", defaultValue: nil), TemplateVariable(name: "v", defaultValue: "2M"),
        TemplateVariable(name: "output_args", defaultValue: ""),
      ])
  }

  @Test(
    arguments: [
      (
        "video_bitrate", ["1k", "2M", "2.5M", "2500k", "200M", "1000", "200000000"],
        ["0", "999", "201M", "2G", "-2M", "", "2 M", ".5M", "1.M", "1.2.3M", "2MM", "1e6", "0x10"]
      ),
      ("bufsize", ["5000k"], ["5000k -y"]),
      ("crf", ["0", "23", "63", "18.5"], ["64", "-1", "", "2x", "1e1", "٣"]),
      (
        "preset", ["faster", "p4", "4.1", "very-slow"],
        ["", "-y", "a b", "a/b", String(repeating: "a", count: 33), "a'b"]
      ),
      ("level", ["4.1", "-1"], ["-f"]),
      ("width", ["16", "1280", "8192", "-1", "-2"], ["15", "8193", "-3", "12.5", "1280:720", ""]),
      ("fps", ["25", "29.97", "30000/1001", "240"], ["0", "241", "1/0", "1/", "/1", "1/2/3", "500/1", "-25", ""]),
      ("format", ["mpegts", "TS", "mp4", "mkv", "m3u8"], ["avi", "", "tee", "mpegts pipe:2"]),
      (
        "other", ["a.B_c:d+e,f=g-h", "1/2", "-5", "-5.5", String(repeating: "x", count: 128)],
        [
          "", "a/b", "-x", "--", "a b", "a'b", "a\"b", "{x}", "a\nb", "a;b", "a\\b", "é", "http://h/x", "1/2/3", "/etc",
          String(repeating: "x", count: 129),
        ]
      ),
      ("input_url", ["http://h/x"], ["http://h/y", ""]),
      ("output_args", ["pipe:1"], ["pipe:2", "/tmp/x", "-f null -"]),
      ("bad-name", [], ["x"]), ("1a", [], ["x"]), ("", [], ["x"]),
    ] as [(String, [String], [String])])
  func variableGrammars(name: String, allowed: [String], refused: [String]) throws {
    let server = ["input_url": "http://h/x", "output_args": "pipe:1"]
    for value in allowed {
      #expect(throws: Never.self, "\(name)=\(value)") { try ProfileVariables.check([name: value], server: server) }
    }
    for value in refused {
      #expect(throws: ProfileError.self, "\(name)=\(value)") {
        try ProfileVariables.check([name: value], server: server)
      }
    }
  }

  @Test func tooManyVariables() {
    let many = Dictionary(uniqueKeysWithValues: (0...64).map { ("v\($0)", "x") })
    #expect(throws: ProfileError.self) { try ProfileVariables.check(many, server: [:]) }
  }
}
