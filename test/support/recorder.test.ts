import { expect, test } from 'vitest';
import { output, pipe, sh } from '../../src/outcome/fix.ts';
import { asDeclared, makeRecorder } from './recorder.ts';

test('what runs is recorded in order, and what else a text does is seen', async () => {
  const recorder = makeRecorder(['one', 'two']);
  const declared = pipe(sh`printf %s ${'a\\n é'}`, sh`one --of ${output(sh`two ${'é'}`)} ${''}`, sh`two`);
  expect(await recorder.play(declared.text ?? '')).toEqual(asDeclared(declared));
  expect(await recorder.play('one a; three b')).toMatchObject({
    ran: [['one', 'a']],
    code: 127,
    stderr: expect.stringContaining('three'),
  });
  expect(await recorder.play('one a > file')).toMatchObject({ ran: [['one', 'a']], files: ['file'] });
  expect(await recorder.play('one $(two b)')).toMatchObject({ ran: [['two', 'b'], ['one']] });
  recorder.remove();
});
