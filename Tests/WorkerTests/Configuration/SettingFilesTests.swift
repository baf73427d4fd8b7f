import Testing

@testable import Worker

@Suite struct KeyValueTextTests {
  private func read(_ text: String) -> [String] {
    KeyValueText(text, file: ".env").settings.map { "\($0.name)=\($0.value)" }
  }

  @Test(arguments: [
    ("PORT=9000", "PORT=9000"), ("  PORT = 9000  ", "PORT=9000"), ("export PORT=9000", "PORT=9000"),
    ("export  PORT=9000", "PORT=9000"), ("PORT=9000 # the port", "PORT=9000"), ("API_TOKEN=a#b", "API_TOKEN=a#b"),
    ("API_TOKEN=\"a b # c\"", "API_TOKEN=a b # c"), ("API_TOKEN='a\\n\"b'", "API_TOKEN=a\\n\"b"),
    ("API_TOKEN=\"a\\\"b\\\\c\\$d\\x\"", "API_TOKEN=a\"b\\c$d\\x"), ("API_TOKEN=\"a\\nb\"", "API_TOKEN=a\nb"),
    ("API_TOKEN=\"a\" # comment", "API_TOKEN=a"), ("API_TOKEN=", "API_TOKEN="),
    ("API_TOKEN=$HOME=x", "API_TOKEN=$HOME=x"),
    ("API_TOKEN=''", "API_TOKEN="), ("API_TOKEN=a'b", "API_TOKEN=a'b"), ("exported=1", "exported=1"),
    ("API_TOKEN= # none", "API_TOKEN="),
  ]) func aLine(text: String, expected: String) { #expect(read(text) == [expected]) }

  @Test func linesAreNumberedThroughBlanksCommentsAndAnyLineEnd() {
    let text = KeyValueText("\u{FEFF}A=1\r\n\r\n# B=2\r\nC=3\n\n  D=4", file: "x.env")
    #expect(text.problems == [])
    #expect(
      text.settings == [
        GivenSetting(name: "A", value: "1", origin: .file("x.env", line: 1)),
        GivenSetting(name: "C", value: "3", origin: .file("x.env", line: 4)),
        GivenSetting(name: "D", value: "4", origin: .file("x.env", line: 6)),
      ])
  }

  @Test func badLinesAreNamedAndTheOthersRead() {
    let text = KeyValueText("PORT 9000\nA='x\nB=\"x\" y\n=3\nC=4", file: ".env")
    #expect(text.settings.map(\.name) == ["C"])
    #expect(
      text.problems.map(\.description) == [
        ".env line 1: NAME=VALUE is expected", ".env line 2: A: the closing ' is missing",
        ".env line 3: B: nothing but a comment may follow the closing quote",
        ".env line 4: NAME=VALUE is expected, with a name of letters, digits and _",
      ])
  }

  @Test func aProblemDoesNotRepeatTheValue() {
    let text = KeyValueText("API_TOKEN='hunter2\nAPI_TOKEN=\"hunter2\" hunter2\nhunter2", file: ".env")
    #expect(text.problems.count == 3)
    #expect(!text.problems.map(\.description).joined().contains("hunter2"))
  }
}

@Suite struct FlatYAMLTests {
  @Test func aFlatMapIsRead() {
    let yaml = FlatYAML(
      """
      # Millrace
      port: 9000
      api_token: "a # b"
      redis_enabled: off
      SOURCE_ALLOW: [localhost, 10.0.0.0/8]
      CORS_ALLOW_ORIGINS:
        - https://a.example
        - https://b.example
      worker_id: ~
      root_path: ''
      """, file: "m.yaml")
    #expect(yaml.problems == [])
    #expect(
      yaml.settings.map { "\($0.origin): \($0.name)=\($0.value)" } == [
        "m.yaml line 2: port=9000", "m.yaml line 3: api_token=a # b", "m.yaml line 4: redis_enabled=off",
        "m.yaml line 5: SOURCE_ALLOW=localhost,10.0.0.0/8",
        "m.yaml line 6: CORS_ALLOW_ORIGINS=https://a.example,https://b.example", "m.yaml line 9: worker_id=",
        "m.yaml line 10: root_path=",
      ])
  }

  @Test func jsonIsYAML() {
    let json = FlatYAML(#"{"PORT": 9000, "STRICT_LIVE_TS": true, "HW_ACCEL_TYPE": null}"#, file: "m.json")
    #expect(json.problems == [])
    #expect(json.settings.map { "\($0.name)=\($0.value)" } == ["PORT=9000", "STRICT_LIVE_TS=true", "HW_ACCEL_TYPE="])
  }

  @Test(arguments: ["", "# nothing\n", "---\n"]) func anEmptyDocumentSetsNothing(text: String) {
    let yaml = FlatYAML(text, file: "m.yaml")
    #expect(yaml.settings == [])
    #expect(yaml.problems == [])
  }

  @Test(arguments: [
    (
      "port: 1\nredis:\n  host: h\n  more: {a: [b]}\nlog_level: info\n", "m.yaml line 2: redis holds a map",
      ["port", "log_level"]
    ),
    ("port: 1\nhost: [a, [b, c], d]\n", "m.yaml line 2: host: a list may hold plain values only", ["port"]),
    ("- port\n- host\n", "m.yaml line 1: one flat map of settings is expected", []),
    ("just text\n", "m.yaml line 1: one flat map of settings is expected", []),
    ("a: &x 1\nb: *x\n", "m.yaml line 2: b holds an alias", ["a"]),
    ("port: 1\n\thost: x\n", "m.yaml line 2: ", []), ("port: 'x\n", "m.yaml line 2: ", []),
    ("port: 1\n---\nport: 2\n", "m.yaml line 3: one flat map of settings is expected", ["port"]),
  ]) func whatIsNoFlatMapIsNamedWithItsLine(text: String, problem: String, read: [String]) {
    let yaml = FlatYAML(text, file: "m.yaml")
    #expect(yaml.problems.count == 1)
    #expect(yaml.problems.first?.description.hasPrefix(problem) == true, "\(yaml.problems)")
    #expect(yaml.settings.map(\.name) == read)
  }
}

@Suite struct NearestNameTests {
  @Test(arguments: [
    ("PROT", "PORT"), ("API_TOKNE", "API_TOKEN"), ("APITOKEN", "API_TOKEN"), ("BUFER_SECONDS", "BUFFER_SECONDS"),
    ("LEASE_TTL", "LEASE_TTL_MS"), ("QWERTY", nil), ("X", nil),
  ]) func suggests(name: String, expected: String?) {
    #expect(nearest(to: name, in: SettingTable.byName.keys.sorted()) == expected)
  }

  @Test(arguments: [("", "", 0), ("a", "", 1), ("ab", "ba", 1), ("kitten", "sitting", 3), ("flaw", "lawn", 2)])
  func distance(left: String, right: String, expected: Int) {
    #expect(editDistance(left, right) == expected)
    #expect(editDistance(right, left) == expected)
  }
}
