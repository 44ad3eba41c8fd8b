export default async () => 'default'
