export const sibling = 'here'
