import { tellingTags } from '../../scripts/adopt/words';

it('names the tags that look like secrets, and no others', () => {
  const tags = {
    password: 'hunter2',
    'API-Key': 'x',
    conn: 'postgresql://citus:S3cret@db.example.com/citus',
    old: 'host=db;Password=S3cret;',
    url: 'https://wiki.example.com:8443/page@v2',
    owner: 'trucks',
    note: 'rotated on Monday',
    token: 'none',
    'access-key': 'n/a',
    docs: 'https://wiki.example.com/reset?password=forgotten',
    help: 'https://wiki.example.com/reset#password=forgotten',
    'token-rotation': 'every Monday',
    signed: 'SharedAccessSignature=sv1',
    link: 'https://db.example.com/?user=citus&password=S3cret-9',
  };
  expect(tellingTags(tags)).toEqual(['password', 'API-Key', 'conn', 'old', 'signed', 'link']);
});
