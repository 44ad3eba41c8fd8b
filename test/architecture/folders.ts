// The folders of src/ whose files keep every rule of size and words. Each folder is added when its files do.

export const finishedFolders = [
  'src/cli/samples',
  'src/event',
  'src/http/auth',
  'src/invoker',
  'src/json',
  'src/log',
  'src/wire',
] as const
