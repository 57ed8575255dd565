# The fields of an event that a person reads first. Everything else, the raw records too, is in the line itself.
{
  time, node, keys,
  pod: "\(.who.namespace)/\(.who.pod)",
  container: .who.container,
  image: .who.image,
  program: .exe,
  arguments: .proctitle,
  user: .uid,
  call: .syscall,
  result,
  paths: [.paths[]? | select(.name) | "\(.nametype) \(.name)"]
}
