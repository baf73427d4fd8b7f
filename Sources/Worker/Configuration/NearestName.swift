/// The candidate that is written most like `name`, if it is near enough to have been meant.
func nearest(to name: String, in candidates: [String]) -> String? {
  let scored = candidates.map { (name: $0, distance: editDistance(name, $0)) }
  guard let best = scored.min(by: { ($0.distance, $0.name) < ($1.distance, $1.name) }) else { return nil }
  return best.distance <= max(1, min(name.utf8.count, best.name.utf8.count) / 3) ? best.name : nil
}

/// Damerau–Levenshtein distance (optimal string alignment): insertions, deletions, replacements and swaps of neighbours.
func editDistance(_ left: String, _ right: String) -> Int {
  let left = Array(left.utf8.prefix(128))
  let right = Array(right.utf8.prefix(128))
  var beforeLast: [Int] = []
  var last = Array(0...right.count)
  for i in 0..<left.count {
    var row = [i + 1]
    for j in 0..<right.count {
      var best = min(row[j] + 1, last[j + 1] + 1, last[j] + (left[i] == right[j] ? 0 : 1))
      if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] { best = min(best, beforeLast[j - 1] + 1) }
      row.append(best)
    }
    (beforeLast, last) = (last, row)
  }
  return last[right.count]
}
